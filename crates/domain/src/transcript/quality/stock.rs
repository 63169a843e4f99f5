//! What recognisers write for silence: the last words of the films they learned from, in the film's language rather
//! than the caller's.
//!
//! Nothing is looked for inside a sentence: who says "thank you for watching my dog" has said it.

mod credits;
mod phrases;

use std::sync::LazyLock;

use crate::phrases::politeness;
use crate::text::words;

/// Words that may stand beside a phrase that only films hold.
const SURE_COMPANY: usize = 4;

/// Phrases without the spaces between their words: some scripts have none, and some recognisers leave them out.
struct Phrases {
    /// Stock only if the utterance holds nothing but such phrases and what is polite beside them.
    whole: Vec<String>,
    /// What may stand beside those.
    beside: Vec<String>,
    /// Stock whatever few words stand beside it.
    sure: Vec<Vec<String>>,
}

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let joined = |phrase: &&str| words(phrase).concat();
    let polite = politeness().collect::<Vec<_>>();
    Phrases {
        whole: phrases::WHOLE.iter().chain(&phrases::SURE).map(joined).collect(),
        beside: phrases::BESIDE.iter().chain(&polite).map(joined).collect(),
        sure: phrases::SURE.iter().map(|phrase| words(phrase)).collect(),
    }
});

/// Whether an utterance is nothing that a caller said.
pub(super) fn is_stock(text: &str) -> bool {
    let said = words(text);
    !said.is_empty() && (is_covered(&said.concat()) || holds_sure(&said) || credits::is_credit(text, &said))
}

/// Whether `said` is a sequence of phrases, of which one at least is stock.
fn is_covered(said: &str) -> bool {
    // Which beginnings are covered, and whether with a stock phrase among them.
    let mut covered = vec![[false; 2]; said.len() + 1];
    covered[0] = [true, false];
    for start in 0..said.len() {
        let [plain, stock] = covered[start];
        if !(plain || stock) || !said.is_char_boundary(start) {
            continue;
        }
        let rest = &said[start..];
        for phrase in PHRASES.whole.iter().filter(|phrase| rest.starts_with(phrase.as_str())) {
            covered[start + phrase.len()][1] = true;
        }
        for phrase in PHRASES.beside.iter().filter(|phrase| rest.starts_with(phrase.as_str())) {
            let reached = &mut covered[start + phrase.len()];
            *reached = [reached[0] || plain, reached[1] || stock];
        }
    }
    covered[said.len()][1]
}

fn holds_sure(said: &[String]) -> bool {
    let holds = |phrase: &Vec<String>| {
        said.len() <= phrase.len() + SURE_COMPANY
            && said.windows(phrase.len()).any(|part| part == phrase.as_slice())
    };
    PHRASES.sure.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Cases C13 and B13. Fault 45.
    #[test]
    fn stock_phrases_are_known_in_their_languages() {
        for text in [
            "Thanks for watching!",
            "THANKS FOR WATCHING",
            "Thank you so much for watching.",
            "Thanks for watching, see you in the next video.",
            "Okay, thanks for watching, bye bye!",
            "Thank you for watching and don't forget to like and subscribe!",
            "Hello everyone, please subscribe to my channel.",
            "See you in the next video!",
            "Vielen Dank fürs Zuschauen und bis zum nächsten Mal!",
            "Untertitel der Amara.org-Community",
            "untertitel im auftrag des zdf für funk, 2017",
            "Untertitelung des ZDF, 2020",
            "Untertitel von Stephanie Geiges",
            "Sous-titres réalisés par la communauté d'Amara.org",
            "Sous-titrage ST' 501",
            "Sous-titrage Société Radio-Canada",
            "Merci d'avoir regardé cette vidéo !",
            "Subtítulos realizados por la comunidad de Amara.org",
            "Subti\u{301}tulos por la comunidad de Amara.org",
            "¡Gracias por ver el video!",
            "Sottotitoli creati dalla comunità Amara.org",
            "Sottotitoli e revisione a cura di QTSS",
            "Legendas pela comunidade Amara.org",
            "Obrigado por assistir.",
            "Ondertiteld door de Amara.org gemeenschap",
            "Undertekster av Ai-Media",
            "Undertexter från Amara.org-gemenskapen",
            "Danske tekster af Jesper Buhl Scandinavian Text Service 2018",
            "Napisy stworzone przez społeczność Amara.org",
            "Titulky vytvořil JohnyX",
            "Altyazı M.K.",
            "İzlediğiniz için teşekkürler.",
            "Субтитры сделал DimaTorzok",
            "Субтитры подготовил DimaTorzok",
            "субтитры создавал dimatorzok",
            "Редактор субтитров А.Синецкая Корректор А.Егорова",
            "Продолжение следует...",
            "Спасибо за просмотр! Подписывайтесь на канал.",
            "Дякую за перегляд!",
            "Υπότιτλοι AUTHORWAVE",
            "ترجمة نانسي قنقر",
            "اشتركوا في القناة",
            "شكرا على المشاهدة",
            "תודה שצפיתם",
            "תודה על הצפייה!",
            "देखने के लिए धन्यवाद",
            "ขอบคุณที่รับชม",
            "Cảm ơn các bạn đã theo dõi và hẹn gặp lại.",
            "Hãy subscribe cho kênh Ghiền Mì Gõ Để không bỏ lỡ những video hấp dẫn",
            "Terima kasih telah menonton!",
            "시청해주셔서 감사합니다",
            "시청해 주셔서 감사합니다.",
            "MBC 뉴스 이덕영입니다.",
            "ご視聴ありがとうございました。",
            "最後までご視聴いただきありがとうございました",
            "次の動画でお会いしましょう",
            "チャンネル登録をお願いいたします",
            "请不吝点赞 订阅 转发",
            "請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目",
            "字幕由Amara.org社区提供",
            "谢谢观看",
        ] {
            assert!(is_stock(text), "{text}");
        }
    }

    /// Case C13: the guard. What people say on the telephone, also to those whose business is films.
    #[test]
    fn speech_about_films_is_speech() {
        for text in [
            "Thank you.",
            "Thank you very much, bye!",
            "Thank you for watching my dog.",
            "Thanks for watching the house while we were away.",
            "I was there last year and, as the guide said in the end, thank you for watching the film",
            "Please subscribe me to the newsletter.",
            "I would like to subscribe.",
            "I need subtitles for my film.",
            "Subtitles by tomorrow, please.",
            "Subtitles by Friday, please.",
            "Subtitles in German and English.",
            "Untertitel",
            "Untertitel von meinem Film fehlen.",
            "Untertitel bis Freitag bitte.",
            "ترجمة عقد زواج",
            "ترجمة وثائق",
            "Altyazı çevirisi istiyorum.",
            "Субтитры для фильма",
            "Der Film wird fortgesetzt.",
            "See you in the next week.",
            "字幕をお願いします",
            "I saw you on Amara.org.",
            "See you next time!",
            "Bis zum nächsten Mal!",
            "Danke schön, tschüss!",
            "So, okay, well, then.",
            "",
        ] {
            assert!(!is_stock(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = is_stock(&text);
        }

        /// Case C13: the guard.
        #[test]
        fn a_stock_phrase_among_other_words_is_speech(before in "[a-z]{3,8}qz", after in "[a-z]{3,8}qz", pick in any::<prop::sample::Index>()) {
            let phrase = phrases::WHOLE[pick.index(phrases::WHOLE.len())];
            let text = format!("{before} {phrase} {after}");
            prop_assert!(!is_stock(&text), "{}", text);
        }
    }
}
