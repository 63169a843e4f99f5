use super::{Locale, Manner, SayVoice, Words};

pub(super) const LOCALE: Locale = Locale {
    code: "fr",
    name: "French",
    voices: &[
        SayVoice { language: "fr-FR", voice: "Polly.Lea-Neural" },
        SayVoice { language: "fr-CA", voice: "Polly.Gabrielle-Neural" },
    ],
    words: Words {
        unknown_number: "Désolé, ce numéro n'est pas en service. Au revoir.",
        suspended: "Désolé, ce numéro ne peut pas recevoir d'appels pour le moment. Au revoir.",
        busy: "Désolé, toutes nos lignes sont occupées. Veuillez rappeler dans quelques minutes. Au revoir.",
        not_now: "Désolé, nous ne pouvons pas prendre votre appel pour le moment. Veuillez rappeler plus tard. Au revoir.",
        apology: "Désolé, nous rencontrons un problème technique et ne pouvons pas poursuivre l'appel. Veuillez rappeler dans quelques minutes. Au revoir.",
        not_available: "Désolé, personne ne peut prendre votre appel pour le moment. Veuillez rappeler plus tard. Au revoir.",
        connecting: "Un instant, je vous mets en relation.",
        connecting_busy: "Désolé, toutes nos lignes sont occupées. Un instant, je vous mets en relation.",
        connecting_trouble: "Désolé, nous rencontrons un problème technique. Un instant, je vous mets en relation.",
        closed: "Vous avez appelé {{business_name}} en dehors des heures d'ouverture. Veuillez rappeler pendant nos heures d'ouverture. Au revoir.",
        closed_voicemail: "Vous avez appelé {{business_name}} en dehors des heures d'ouverture. Veuillez laisser un message après le bip.",
        voicemail: "Vous êtes bien chez {{business_name}}. Nous ne pouvons pas prendre votre appel pour le moment. Veuillez laisser un message après le bip.",
        no_message: "Nous n'avons pas entendu de message. Au revoir.",
        thanks: "Merci pour votre message. Au revoir.",
    },
    manner: Manner {
        address: "Address people with \"vous\", and with \"monsieur\" or \"madame\"; never use \"tu\" unless the caller asks for it.",
        numbers: "Say amounts as whole numbers (\"cent vingt\"). Say \"soixante-dix\", \"quatre-vingts\" and \"quatre-vingt-dix\" to callers from France and Canada, \"septante\" and \"nonante\" to callers who use these words themselves.",
        dates: "Say weekday, day and month (\"le vendredi vingt novembre\"); only the first of a month is an ordinal (\"le premier mai\").",
        times: "Use the twenty-four-hour clock with \"heures\" (\"quatorze heures trente\", \"neuf heures\").",
        prices: "Say the currency between whole amount and cents and leave out empty cents (\"quarante-neuf euros\", \"douze euros cinquante\").",
        telephone: "Say French telephone numbers in pairs (\"zéro six, douze, trente-quatre, cinquante-six, soixante-dix-huit\"), and numbers of other countries digit by digit.",
    },
    instructions: "\
Tu réponds au téléphone pour {{business_name}}. Tu es aimable, calme et tu vas à l'essentiel.

Cherche à savoir ce que veut la personne qui appelle et demande son nom si c'est utile.
Réponds aux questions uniquement avec ce qui est écrit ici ou ce qu'un outil t'indique. Si tu ne sais pas, dis-le \
franchement ; ne devine pas.
Ne promets rien au nom de l'entreprise qui ne soit écrit ici : ni prix, ni délai, ni exception.
Si tu ne comprends pas un nom ou un numéro, fais-le épeler et répète-le.
Avant la fin de l'appel, résume en une phrase ce qui a été convenu.",
    greeting: "Bonjour, {{business_name}}, comment puis-je vous aider ?",
};
