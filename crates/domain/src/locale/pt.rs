use super::{Locale, Manner, SayVoice, Words};

// The words are said alike in Brazil and in Portugal; only the voice differs.
pub(super) const LOCALE: Locale = Locale {
    code: "pt",
    name: "Portuguese",
    voices: &[
        SayVoice { language: "pt-BR", voice: "Polly.Camila-Neural" },
        SayVoice { language: "pt-PT", voice: "Polly.Ines-Neural" },
    ],
    words: Words {
        unknown_number: "Lamentamos, este número não está em serviço. Até logo.",
        suspended: "Lamentamos, este número não pode receber chamadas neste momento. Até logo.",
        busy: "Lamentamos, todas as nossas linhas estão ocupadas. Por favor, ligue novamente dentro de alguns minutos. Até logo.",
        not_now: "Lamentamos, não podemos atender a sua chamada neste momento. Por favor, ligue novamente mais tarde. Até logo.",
        apology: "Lamentamos, temos um problema técnico e não podemos continuar. Por favor, ligue novamente dentro de alguns minutos. Até logo.",
        not_available: "Lamentamos, ninguém pode atender a sua chamada neste momento. Por favor, ligue novamente mais tarde. Até logo.",
        connecting: "Um momento, por favor, vou transferir a sua chamada.",
        connecting_busy: "Lamentamos, todas as nossas linhas estão ocupadas. Um momento, por favor, vou transferir a sua chamada.",
        connecting_trouble: "Lamentamos, temos um problema técnico. Um momento, por favor, vou transferir a sua chamada.",
        closed: "Ligou para {{business_name}} fora do horário de atendimento. Por favor, ligue novamente durante o nosso horário de atendimento. Até logo.",
        closed_voicemail: "Ligou para {{business_name}} fora do horário de atendimento. Por favor, deixe uma mensagem após o sinal.",
        voicemail: "Ligou para {{business_name}}. Não podemos atender a sua chamada neste momento. Por favor, deixe uma mensagem após o sinal.",
        no_message: "Não ouvimos nenhuma mensagem. Até logo.",
        thanks: "Obrigado pela sua mensagem. Até logo.",
    },
    manner: Manner {
        address: "Address people with \"o senhor\" or \"a senhora\"; to Brazilian callers \"você\" is polite as well, to callers from Portugal it may not be, so leave the pronoun out there. Speak the caller's variety throughout.",
        numbers: "Say amounts as whole numbers (\"cento e vinte\"), and reference numbers digit by digit; to Brazilian callers say \"meia\" for 6 within telephone and reference numbers.",
        dates: "Say weekday, day and month (\"sexta-feira, vinte de novembro\"); the first of a month is \"primeiro\" in Brazil and \"um\" or \"primeiro\" in Portugal.",
        times: "Say hours with the part of the day (\"duas e meia da tarde\", \"nove da manhã\"); \"catorze e trinta\" is understood as well.",
        prices: "Say the currency between whole amount and cents and leave out empty cents (\"quarenta e nove reais\", \"doze euros e cinquenta\").",
        telephone: "Say telephone numbers digit by digit, to Brazilian callers area code, then groups of four or five, to callers from Portugal groups of three.",
    },
    instructions: "\
Atende o telefone em nome de {{business_name}}, com simpatia, calma e objetividade.

Procura saber o que a pessoa que liga deseja e pergunta o nome, se for necessário.
Responde às perguntas apenas com o que está escrito aqui ou com o que uma ferramenta indicar. Se não sabes algo, diz \
isso abertamente; não adivinhes.
Não prometas em nome da empresa nada que não esteja escrito aqui: nem preços, nem prazos, nem exceções.
Se não entendes um nome ou um número, pede que o soletrem e repete-o.
Antes do fim da chamada, resume numa frase o que ficou combinado.",
    greeting: "Olá, ligou para {{business_name}}. Em que posso ajudar?",
};
