"""The words and phrases by which people ask us to stop, in English, Spanish and French. Pure.

Words count as the whole message: "cancel my appointment" is business. Sources: 47 CFR 64.1200(a)(10) (stop, quit, end,
revoke, opt out, cancel, unsubscribe), the lists of the large SMS carriers and resellers, which add the others (ARRET
and TD among them), and their Spanish and French counterparts. Phrases count anywhere in a message; 47 CFR
64.1200(a)(10) asks what a reasonable person would understand. All of them are in the form that `optouts` folds texts
to: lower case, no accents, no apostrophes, one space between words, `do not` for `don't`, `you` for `u`.
"""

from __future__ import annotations

import re

STOP = frozenset(
    {
        "stop", "stop all", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "opt out", "optout", "remove",
        "td",
        "alto", "parar", "pare", "baja", "detener", "cancelar", "desuscribir", "darse de baja",
        "arret", "arreter", "arretez", "annuler", "desabonner", "desabonnement", "desinscrire", "desinscription",
    }
)  # fmt: skip
"""Whole messages that certainly opt out."""

START = frozenset({"start", "unstop"})
"""Whole messages that lift what such a word has set."""

LIKELY = frozenset(
    {
        "please stop", "stop please", "stop it", "stop this", "stop now", "just stop", "stop stop", "stop stop stop",
        "stop thanks", "stop thank you", "stop it now", "please stop it", "ok stop", "unsubscribe please",
        "please unsubscribe", "unsub", "not interested", "no thanks not interested", "go away", "no more", "remove me",
        "please remove", "please remove me", "take me off", "please take me off", "fuck off", "spam", "enough",
        "no mas", "basta", "ya basta", "salir", "terminar", "no gracias no me interesa",
        "fin", "ca suffit", "arretez ca", "plus de messages", "plus de textos",
    }
)  # fmt: skip
"""Whole messages that probably opt out."""

_TEXTS = r"(?:texts?|messages?|sms|spam|text messages?|notifications?|reminders|alerts)"
_WHICH = r"(?:(?:all|any|the|these|those|this|that|your|with|us|my|me|more|further) ){0,4}"
_TEXTING = r"(?:texting|messaging|contacting|bothering|spamming|harassing|writing|emailing|pestering)"
_TO_TEXT = r"(?:text|message|contact|write|bother|email|disturb|sms)"
_LIST = r"(?:list|lists|texts?|messages?|database|contacts|system|mailing list|files?|records)"

PHRASES = tuple(
    re.compile(rf"\b(?:{pattern})\b")
    for pattern in (
        rf"(?:stopp?|quit|cease) {_TEXTING}",
        rf"(?:stopp?|quit|cease) sending {_WHICH}(?:{_TEXTS}|stuff|crap|things?|anything)",
        r"(?:stopp?|quit) sending (?:me|us)",
        rf"(?:stopp?|end|quit|cancel|cease|discontinue) {_WHICH}{_TEXTS}",
        rf"(?:do not|never|not to) (?:ever )?{_TO_TEXT} (?:me|us|this number|my (?:phone|number)|here|again|any ?more)",
        rf"(?:no|do not want(?: any)?|do not want to (?:get|receive)(?: any)?) more {_TEXTS}",
        rf"(?:do not|no longer) (?:want|wish|care)(?: to (?:get|receive|have|see))? {_WHICH}{_TEXTS}",
        r"(?:do not|no longer) (?:want|wish) to be (?:contacted|texted|messaged|bothered)",
        r"(?:i|we) (?:said|told you|asked you|want you)(?: to)? stop",
        r"please (?:just )?stop$",
        r"unsubscribe",
        r"opt(?:ing)? (?:me |us |my number )?out",
        r"(?:revoke|withdraw)(?: my| our)? consent",
        rf"(?:take|get) (?:me|us|my number|this number|my name) off (?:of )?(?:\w+ ){{0,2}}{_LIST}",
        rf"(?:remove|delete|drop) (?:me|us) from (?:\w+ ){{0,3}}{_LIST}",
        r"(?:remove|delete|lose|forget|erase) (?:my|this|our) (?:phone |cell )?number",
        r"leave (?:me|us) (?:the (?:hell|fuck) )?alone",
        r"wrong (?:number|person)",
        r"fuck off",
        r"cease and desist",
        r"no mas (?:mensajes|textos|sms)",
        r"no (?:me|nos) (?:escrib|envi|mand|contact|molest|texte)(?:as?|es?|an|en)",
        r"no quiero (?:recibir )?(?:mas )?(?:sus |tus |estos )?(?:mensajes|textos|sms)",
        r"(?:deja|deje|dejen|para|pare|paren) de (?:escribir|enviar|mandar|contactar|molestar|textear)(?:me|nos)?",
        r"(?:dejame|dejeme|dejenme) en paz",
        r"(?:quitame|quiteme|quitenme|sacame|saqueme|saquenme|borrame|borreme|borrenme) de (?:\w+ ){0,2}lista",
        r"(?:quit|borr|elimin|sac)(?:a|e|en|ar) mi numero",
        r"numero equivocado|persona equivocada",
        r"(?:darme|deme|denme|dame) de baja",
        r"(?:arrete[rz]?|cesse[rz]?) de (?:me |m|nous )(?:ecrire|envoyer|contacter|texter|deranger|harceler)",
        r"ne (?:me|nous) (?:contact|ecriv|text|derang|harcel)(?:e|es|ez) (?:plus|pas)",
        r"ne menvo(?:yez|ie|ies) (?:plus|pas)",
        r"(?:plus|pas) de (?:messages?|textos?|sms) (?:svp|sil vous plait)",
        r"je ne veux plus (?:de|recevoir)(?: \w+){0,2} (?:messages?|textos?|sms)",
        r"(?:me |veuillez me |vous )?(?:desabonner|desinscrire|desabonnez moi|desinscrivez moi)",
        r"(?:retirez|enlevez|supprimez|otez|effacez) (?:moi|mon numero)",
        r"(?:laissez|laisse|foutez) (?:moi|nous) (?:tranquilles?|la paix|en paix)",
        r"(?:mauvais|faux) numero|erreur de numero",
    )
)
"""What probably opts out wherever it stands in a message."""

CALLING = re.compile(r"\b(?:stopp? calling|(?:do not|never) call (?:me |us |this number )?(?:again|any ?more|ever))\b")
"""An opt-out, but for who asks for texts instead: see RATHER_TEXT."""

RATHER_TEXT = re.compile(r"\b(?:text|message|sms) (?:me|us|instead|only)\b|\b(?:by|via|use) text\b")

NOT_MEANT = re.compile(
    r"\b(?:(?:do|did|does|will|would|should|could|can)(?: you)? not|cannot|never|wont|no need to|no reason to)"
    r" (?:ever |please )?(?:stop|end|quit|cancel|cease|unsubscribe|remove|delete|opt|take|revoke|lose)"
    r"(?: (?:me|us|my|this|texting|messaging|sending|out|off|the|your|these|number|messages?|texts?|reminders)){0,4}\b"
    r"|\bno (?:dejes?|dejen|pares?|paren) de \w+"
    r"|\bi (?:\w+ ){0,3}gave (?:you |him |her |them )?(?:the|a|my) wrong number\b"
    r"|\bnot (?:a|the) wrong (?:number|person)\b"
    r"|\b(?:forgot|failed|meant) to text me\b"
)
"""What says the opposite, or something else; it is left out before the phrases are looked for."""

REACTION = re.compile(
    r"\s*(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted .{1,20} to|removed an? .{1,20} from"
    r"|le gusto|le encanto|no le gusto|a aime|a adore|n.a pas aime)\s*(?:an image|[\"\u201c\u201d\u00ab\u2018])",
    re.IGNORECASE,
)
"""A tap on our own message, which phones send as a text that quotes it: the quoted words are ours."""
