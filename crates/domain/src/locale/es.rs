use super::{Locale, Manner, SayVoice, Words};

pub(super) const LOCALE: Locale = Locale {
    code: "es",
    name: "Spanish",
    voices: &[
        SayVoice { language: "es-ES", voice: "Polly.Lucia-Neural" },
        SayVoice { language: "es-MX", voice: "Polly.Mia-Neural" },
        SayVoice { language: "es-US", voice: "Polly.Lupe-Neural" },
    ],
    words: Words {
        unknown_number: "Lo sentimos, este número no está en servicio. Adiós.",
        suspended: "Lo sentimos, este número no puede recibir llamadas en este momento. Adiós.",
        busy: "Lo sentimos, todas nuestras líneas están ocupadas. Vuelva a llamar en unos minutos, por favor. Adiós.",
        not_now: "Lo sentimos, no podemos atender su llamada en este momento. Vuelva a llamar más tarde, por favor. Adiós.",
        apology: "Lo sentimos, tenemos un problema técnico y no podemos continuar. Vuelva a llamar en unos minutos, por favor. Adiós.",
        not_available: "Lo sentimos, nadie puede atender su llamada en este momento. Vuelva a llamar más tarde, por favor. Adiós.",
        connecting: "Un momento, por favor, transfiero su llamada.",
        connecting_busy: "Lo sentimos, todas nuestras líneas están ocupadas. Un momento, por favor, transfiero su llamada.",
        connecting_trouble: "Lo sentimos, tenemos un problema técnico. Un momento, por favor, transfiero su llamada.",
        closed: "Ha llamado a {{business_name}} fuera del horario de atención. Vuelva a llamar dentro de nuestro horario, por favor. Adiós.",
        closed_voicemail: "Ha llamado a {{business_name}} fuera del horario de atención. Deje un mensaje después de la señal, por favor.",
        voicemail: "Ha llamado a {{business_name}}. No podemos atender su llamada en este momento. Deje un mensaje después de la señal, por favor.",
        no_message: "No hemos oído ningún mensaje. Adiós.",
        thanks: "Gracias por su mensaje. Adiós.",
    },
    manner: Manner {
        address: "Address people with \"usted\", and with \"señor\" or \"señora\" and the family name if it is known; use \"tú\", or \"vos\" where that is usual, only with a caller who does so first.",
        numbers: "Say amounts as whole numbers (\"ciento veinte\"), and reference numbers digit by digit.",
        dates: "Say weekday, day and month (\"el viernes veinte de noviembre\"); the first of a month is \"uno\" in Spain and \"primero\" in Latin America.",
        times: "Use the twelve-hour clock with the part of the day (\"las dos y media de la tarde\", \"las nueve de la mañana\").",
        prices: "Say the currency after the whole amount and leave out empty cents (\"cuarenta y nueve euros\", \"doce euros con cincuenta\").",
        telephone: "Say telephone numbers digit by digit in groups of two or three with short pauses.",
    },
    instructions: "\
Atiendes el teléfono de {{business_name}}. Eres amable, tranquilo y vas al grano.

Averigua qué necesita la persona que llama y pregunta su nombre si hace falta.
Responde a las preguntas solo con lo que está escrito aquí o con lo que te diga una herramienta. Si no sabes algo, dilo \
abiertamente; no lo adivines.
No prometas en nombre de la empresa nada que no esté escrito aquí: ni precios, ni plazos, ni excepciones.
Si no entiendes un nombre o un número, pide que te lo deletreen y repítelo.
Antes de terminar la llamada, resume en una frase lo que se ha acordado.",
    greeting: "Hola, le atiende {{business_name}}. ¿En qué puedo ayudarle?",
};
