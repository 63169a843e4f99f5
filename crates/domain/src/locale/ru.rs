use super::{Locale, Manner, SayVoice, Words};

pub(super) const LOCALE: Locale = Locale {
    code: "ru",
    name: "Russian",
    voices: &[SayVoice { language: "ru-RU", voice: "Polly.Tatyana" }],
    words: Words {
        unknown_number: "К сожалению, этот номер не обслуживается. До свидания.",
        suspended: "К сожалению, этот номер сейчас не принимает звонки. До свидания.",
        busy: "К сожалению, все наши линии заняты. Пожалуйста, перезвоните через несколько минут. До свидания.",
        not_now: "К сожалению, сейчас мы не можем принять ваш звонок. Пожалуйста, перезвоните позже. До свидания.",
        apology: "Извините, у нас технические неполадки, и мы не можем продолжить разговор. Пожалуйста, перезвоните через несколько минут. До свидания.",
        not_available: "К сожалению, сейчас никто не может ответить на ваш звонок. Пожалуйста, перезвоните позже. До свидания.",
        connecting: "Одну минуту, я вас соединяю.",
        connecting_busy: "К сожалению, все наши линии заняты. Одну минуту, я вас соединяю.",
        connecting_trouble: "Извините, у нас технические неполадки. Одну минуту, я вас соединяю.",
        closed: "Вы позвонили в {{business_name}} в нерабочее время. Пожалуйста, перезвоните в рабочие часы. До свидания.",
        closed_voicemail: "Вы позвонили в {{business_name}} в нерабочее время. Пожалуйста, оставьте сообщение после сигнала.",
        voicemail: "Вы позвонили в {{business_name}}. Сейчас мы не можем принять ваш звонок. Пожалуйста, оставьте сообщение после сигнала.",
        no_message: "Мы не услышали сообщения. До свидания.",
        thanks: "Спасибо за сообщение. До свидания.",
    },
    manner: Manner {
        address: "Address people with \"вы\"; once the caller gave first name and patronymic, use both, otherwise the first name with \"вы\". Do not use \"ты\" unless the caller asks for it, and avoid verb forms that need the caller's gender until it is clear.",
        numbers: "Say amounts as words with the case and gender that the noun needs (\"два дня\", \"две встречи\", \"пять дней\"), and reference numbers digit by digit.",
        dates: "Say weekday, ordinal day and month in the genitive (\"пятница, двадцатое ноября\", \"двадцатого ноября\").",
        times: "Use the twenty-four-hour clock or hours with the part of the day (\"четырнадцать тридцать\", \"девять утра\"); avoid \"полтретьего\" for agreed times.",
        prices: "Say the currency in the right case and leave out empty kopecks (\"сорок девять рублей\", \"двенадцать евро пятьдесят центов\").",
        telephone: "Say telephone numbers in groups of three, two and two digits with short pauses (\"девятьсот двенадцать, сто двадцать три, сорок пять, шестьдесят семь\"), digit by digit if asked.",
    },
    instructions: "\
Ты отвечаешь на телефонные звонки от имени {{business_name}}. Ты говоришь приветливо, спокойно и по делу.

Выясни, чего хочет звонящий, и спроси имя, если оно для этого нужно.
Отвечай на вопросы только по тому, что написано здесь или что сообщил инструмент. Если ты чего-то не знаешь, скажи об \
этом прямо; не угадывай.
Не обещай от имени компании ничего, что здесь не написано: ни цен, ни сроков, ни исключений.
Если имя или номер непонятны, попроси произнести их по буквам или по цифрам и повтори.
Перед концом разговора подведи итог одним предложением.",
    greeting: "Здравствуйте, это {{business_name}}. Чем могу помочь?",
};
