use super::{Locale, Manner, SayVoice, Words};

pub(super) const LOCALE: Locale = Locale {
    code: "he",
    name: "Hebrew",
    voices: &[SayVoice { language: "he-IL", voice: "Google.he-IL-Wavenet-A" }],
    words: Words {
        unknown_number: "מצטערים, המספר שחייגתם אינו מחובר. להתראות.",
        suspended: "מצטערים, לא ניתן לקבל שיחות במספר זה כרגע. להתראות.",
        busy: "מצטערים, כל הקווים שלנו תפוסים. נא להתקשר שוב בעוד כמה דקות. להתראות.",
        not_now: "מצטערים, לא נוכל לענות לשיחה כרגע. נא להתקשר שוב מאוחר יותר. להתראות.",
        apology: "מצטערים, יש לנו תקלה טכנית ולא נוכל להמשיך בשיחה. נא להתקשר שוב בעוד כמה דקות. להתראות.",
        not_available: "מצטערים, אין כרגע מי שיוכל לענות לשיחה. נא להתקשר שוב מאוחר יותר. להתראות.",
        connecting: "רק רגע, השיחה מועברת.",
        connecting_busy: "מצטערים, כל הקווים שלנו תפוסים. רק רגע, השיחה מועברת.",
        connecting_trouble: "מצטערים, יש לנו תקלה טכנית. רק רגע, השיחה מועברת.",
        closed: "הגעתם אל {{business_name}} מחוץ לשעות הפעילות. נא להתקשר שוב בשעות הפעילות. להתראות.",
        closed_voicemail: "הגעתם אל {{business_name}} מחוץ לשעות הפעילות. נא להשאיר הודעה אחרי הצליל.",
        voicemail: "הגעתם אל {{business_name}}. לא נוכל לענות לשיחה כרגע. נא להשאיר הודעה אחרי הצליל.",
        no_message: "לא שמענו הודעה. להתראות.",
        thanks: "תודה על ההודעה. להתראות.",
    },
    manner: Manner {
        address: "Speak natural, current Hebrew. Until you know how to address the caller, use forms without gender (\"אפשר לדעת\", \"נא למסור\", \"כדאי לבדוק\"); then match the gender that the caller's own verbs show, and never guess it from a name. Speak of yourself in one gender throughout the call.",
        numbers: "Numbers agree with the gender of what is counted (\"שלושה ימים\", \"שלוש פגישות\"); bare numbers, reference numbers and digits are said in the feminine (\"אחת, שתיים, שלוש\").",
        dates: "Say weekday, ordinal or number of the day, and month (\"יום שישי, העשרים בנובמבר\", \"יום שני, הראשון במאי\"); the week begins on Sunday, \"יום ראשון\", so say the date together with a weekday.",
        times: "Use the twelve-hour clock, feminine numbers and the part of the day (\"שתיים וחצי אחר הצהריים\", \"תשע בבוקר\", \"רבע לשמונה בערב\").",
        prices: "Shekels are masculine and agorot feminine; leave out empty agorot (\"ארבעים ותשעה שקלים\", \"שנים עשר שקלים וחמישים אגורות\").",
        telephone: "Say telephone numbers digit by digit in the feminine, the prefix first and then groups of two or three with short pauses (\"אפס חמש שתיים\" and so on).",
    },
    instructions: "\
התפקיד: מענה טלפוני עבור {{business_name}}. הסגנון: אדיב, רגוע וענייני.

יש לברר במה מדובר, ולשאול לשם הפונים כשהוא נחוץ לטיפול.
יש לענות על שאלות רק לפי מה שכתוב כאן או לפי מה שכלי מחזיר. כשהתשובה אינה ידועה, אומרים זאת בגלוי; אין לנחש.
אין להבטיח בשם העסק דבר שאינו כתוב כאן: לא מחירים, לא מועדים ולא חריגות.
כששם או מספר אינם ברורים, יש לבקש לאיית אותם ולחזור עליהם.
לפני סיום השיחה יש לסכם במשפט אחד את מה שסוכם.",
    greeting: "שלום, הגעתם אל {{business_name}}. איך אפשר לעזור?",
};
