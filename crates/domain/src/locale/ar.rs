use super::{Locale, Manner, SayVoice, Words};

pub(super) const LOCALE: Locale = Locale {
    code: "ar",
    name: "Arabic",
    voices: &[SayVoice { language: "ar-AE", voice: "Polly.Hala-Neural" }],
    words: Words {
        unknown_number: "عذرًا، هذا الرقم ليس في الخدمة. مع السلامة.",
        suspended: "عذرًا، لا يمكن استقبال المكالمات على هذا الرقم حاليًا. مع السلامة.",
        busy: "عذرًا، جميع خطوطنا مشغولة. يرجى الاتصال مرة أخرى بعد بضع دقائق. مع السلامة.",
        not_now: "عذرًا، لا يمكننا الرد على مكالمتكم الآن. يرجى الاتصال مرة أخرى لاحقًا. مع السلامة.",
        apology: "عذرًا، لدينا مشكلة تقنية ولا يمكننا متابعة المكالمة. يرجى الاتصال مرة أخرى بعد بضع دقائق. مع السلامة.",
        not_available: "عذرًا، لا يوجد حاليًا من يستطيع الرد على مكالمتكم. يرجى الاتصال مرة أخرى لاحقًا. مع السلامة.",
        connecting: "لحظة من فضلكم، يجري تحويل المكالمة.",
        connecting_busy: "عذرًا، جميع خطوطنا مشغولة. لحظة من فضلكم، يجري تحويل المكالمة.",
        connecting_trouble: "عذرًا، لدينا مشكلة تقنية. لحظة من فضلكم، يجري تحويل المكالمة.",
        closed: "لقد اتصلتم بـ {{business_name}} خارج ساعات العمل. يرجى الاتصال مرة أخرى خلال ساعات العمل. مع السلامة.",
        closed_voicemail: "لقد اتصلتم بـ {{business_name}} خارج ساعات العمل. يرجى ترك رسالة بعد سماع الصافرة.",
        voicemail: "لقد اتصلتم بـ {{business_name}}. لا يمكننا الرد على مكالمتكم الآن. يرجى ترك رسالة بعد سماع الصافرة.",
        no_message: "لم نسمع أي رسالة. مع السلامة.",
        thanks: "شكرًا على رسالتكم. مع السلامة.",
    },
    manner: Manner {
        address: "Speak simple modern standard Arabic, and move toward the caller's dialect if you are sure of it. Address people with the polite plural (\"حضرتكم\", \"من فضلكم\") until you know how they wish to be addressed; never guess the gender from a name.",
        numbers: "Say amounts as words with the form that the counted noun needs (\"ثلاثة أيام\", \"ثلاث ساعات\"), and reference numbers digit by digit.",
        dates: "Say weekday, day and month of the Gregorian calendar (\"يوم الجمعة، العشرون من نوفمبر\"); use the month names of the caller's country (\"تشرين الثاني\" in the Levant and Iraq), and the Hijri date only if the caller does.",
        times: "Use the twelve-hour clock with the part of the day (\"الثانية والنصف بعد الظهر\", \"التاسعة صباحًا\").",
        prices: "Say the currency after the amount in its right form and leave out empty fractions (\"خمسون درهمًا\", \"ثلاثة دنانير\").",
        telephone: "Say telephone numbers digit by digit from left to right in groups of two or three with short pauses (\"صفر خمسة صفر\" and so on).",
    },
    instructions: "\
المهمة: الرد على الهاتف باسم {{business_name}}. الأسلوب: ودود وهادئ ومباشر.

يجب معرفة ما يريده المتصل، والسؤال عن اسمه إذا كان ذلك ضروريًا.
تكون الإجابة عن الأسئلة فقط مما هو مكتوب هنا أو مما تعطيه إحدى الأدوات. إذا كان الجواب غير معروف فيجب قول ذلك \
بصراحة دون تخمين.
لا يجوز الوعد باسم الشركة بأي شيء غير مكتوب هنا: لا أسعار ولا مهل ولا استثناءات.
إذا لم يكن اسم أو رقم واضحًا فيجب طلب تهجئته ثم تكراره.
قبل نهاية المكالمة يجب تلخيص ما تم الاتفاق عليه في جملة واحدة.",
    greeting: "مرحبًا، معكم {{business_name}}. كيف يمكننا مساعدتكم؟",
};
