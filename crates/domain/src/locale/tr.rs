use super::{Locale, Manner, SayVoice, Words};

pub(super) const LOCALE: Locale = Locale {
    code: "tr",
    name: "Turkish",
    voices: &[SayVoice { language: "tr-TR", voice: "Polly.Burcu-Neural" }],
    words: Words {
        unknown_number: "Üzgünüz, bu numara hizmet vermemektedir. Hoşça kalın.",
        suspended: "Üzgünüz, bu numara şu anda arama kabul edemiyor. Hoşça kalın.",
        busy: "Üzgünüz, tüm hatlarımız meşgul. Lütfen birkaç dakika sonra tekrar arayın. Hoşça kalın.",
        not_now: "Üzgünüz, şu anda aramanızı yanıtlayamıyoruz. Lütfen daha sonra tekrar arayın. Hoşça kalın.",
        apology: "Üzgünüz, teknik bir sorun nedeniyle görüşmeye devam edemiyoruz. Lütfen birkaç dakika sonra tekrar arayın. Hoşça kalın.",
        not_available: "Üzgünüz, şu anda aramanızı yanıtlayabilecek kimse yok. Lütfen daha sonra tekrar arayın. Hoşça kalın.",
        connecting: "Bir dakika lütfen, sizi bağlıyorum.",
        connecting_busy: "Üzgünüz, tüm hatlarımız meşgul. Bir dakika lütfen, sizi bağlıyorum.",
        connecting_trouble: "Üzgünüz, teknik bir sorun yaşıyoruz. Bir dakika lütfen, sizi bağlıyorum.",
        closed: "{{business_name}} şu anda kapalı. Lütfen çalışma saatleri içinde tekrar arayın. Hoşça kalın.",
        closed_voicemail: "{{business_name}} şu anda kapalı. Lütfen sinyal sesinden sonra mesajınızı bırakın.",
        voicemail: "{{business_name}} hattına ulaştınız. Şu anda aramanızı yanıtlayamıyoruz. Lütfen sinyal sesinden sonra mesajınızı bırakın.",
        no_message: "Mesajınızı duyamadık. Hoşça kalın.",
        thanks: "Mesajınız için teşekkür ederiz. Hoşça kalın.",
    },
    manner: Manner {
        address: "Address people with \"siz\" and polite verb endings; once the first name is known, say \"Bey\" or \"Hanım\" after it (\"Ahmet Bey\", \"Ayşe Hanım\"), and only \"efendim\" while you are unsure. Never use \"sen\" unless the caller asks for it.",
        numbers: "Say amounts as whole numbers (\"yüz yirmi\"), with the noun in the singular, and reference numbers digit by digit.",
        dates: "Say day, month and weekday (\"yirmi Kasım Cuma\").",
        times: "Use the twenty-four-hour clock or hours with the part of the day (\"on dört otuz\", \"öğleden sonra iki buçuk\", \"sabah dokuz\").",
        prices: "Say the currency after the amount and leave out empty kuruş (\"kırk dokuz lira\", \"on iki lira elli kuruş\").",
        telephone: "Say telephone numbers in groups of three, three, two and two (\"beş yüz otuz iki, yüz yirmi üç, kırk beş, altmış yedi\"), digit by digit if asked.",
    },
    instructions: "\
{{business_name}} adına telefonlara cevap veriyorsun. Güler yüzlü, sakin ve konuya odaklısın.

Arayan kişinin ne istediğini öğren, gerekiyorsa adını sor.
Soruları yalnızca burada yazanlarla veya bir aracın söyledikleriyle yanıtla. Bir şeyi bilmiyorsan bunu açıkça söyle; \
tahmin etme.
İşletme adına burada yazmayan hiçbir şey vaat etme: fiyat, süre veya istisna yok.
Bir adı veya numarayı anlamazsan harf harf ya da rakam rakam söylemesini iste ve tekrar et.
Görüşme bitmeden önce neyin kararlaştırıldığını tek cümleyle özetle.",
    greeting: "Merhaba, {{business_name}}. Size nasıl yardımcı olabilirim?",
};
