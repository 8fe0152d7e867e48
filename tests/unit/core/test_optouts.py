"""Opt-outs: a word counts as the whole message, a phrase anywhere in it, and business is neither."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import optout_words, optouts
from quoflow.core.optouts import Said

WORDS = """
stop|stop all|stopall|unsubscribe|cancel|end|quit|revoke|optout|opt out|opt-out|remove|TD
alto|parar|pare|baja|detener|cancelar|desuscribir|darse de baja
arret|arrêt|arrêter|arrêtez|annuler|désabonner|désabonnement|désinscrire|désinscription
"""
CERTAIN = [word for line in WORDS.split("\n") if line for word in line.split("|")]

DRESSED = [
    "STOP.",
    "“Stop”",
    "  stop\n",
    "stop 🙏",
    "🛑STOP🛑",
    "ＳＴＯＰ",
    "s\u200bt\u200bo\u200bp",
    "\ufeffSTOP",
    "st\u00adop",
    "STOP_ALL",
    "Opt\u2011out",
    "STOPPP",
    "stoooop!!!",
    "unsubscribee",
    unicodedata.normalize("NFD", "ARRÊT"),
    "STOP ALL.",
    "*STOP*",
    "S.T.O.P.",
    "s t o p",
    "ST0P",
    "\u0405\u0422\u041e\u0420",
    "st\u03bfp",
    "'stop'",
    "stop\ufe0f",
    "𝗦𝗧𝗢𝗣",
    "Ｕｎｓｕｂｓｃｒｉｂｅ",
    "cancel!!",
    "END…",
    "Désabonnement.",
    "STOP" + "." * 1000,
]

LIKELY = """
please stop texting me|Please stop|Stop it!|stop stop stop|STOP STOP|I said STOP|I asked you to stop
Could you please stop?|Pls stop txting me|STOPPP texting me!!|Quit texting me|stop messaging this phone
stop sending me these messages
stop sending reminders|stop all messages|Stop the texts.|cancel these texts|cancel text alerts|end these notifications
Unsubscribe me|please unsubscribe|I want to unsubscribe from this|How do I unsubscribe?|unsub
take me off your list|Take me off the mailing list please|get me off this list|take me off|remove me
remove my number|please remove me from your contacts|delete my number|Lose my number.|forget this number
do not contact me|Do NOT text this number again|Don\u2019t text me again|dont msg me anymore|never text me again
I don't want any more texts|No more messages please|I no longer wish to receive these messages|I do not want your texts
I don't want to be contacted|no longer want to be texted|opt me out please|How do I opt out?|I revoke my consent
I withdraw my consent to be contacted|leave me alone|LEAVE US ALONE!!!|just leave me the hell alone|fuck off
wrong number|Sorry, wrong number|You have the wrong number|wrong person sorry|STOP!!! Wrong number
stop calling me|do not call me again|cease and desist|not interested|stop spamming me|stop bothering us
st\u043ep texting me
Hi. I moved away last year and have a new plumber now. Please take my number off your list. Thanks, Jim
no más mensajes|No más textos por favor|¡No más!|basta|no me escriban|No me manden mensajes|no me contacten más
Deje de escribirme por favor|dejen de molestar|déjenme en paz|número equivocado|quítenme de la lista
no quiero más mensajes|no quiero recibir sus mensajes|quiero darme de baja|borren mi número
arrêtez de m'écrire|Arrêtez de m\u2019envoyer des messages|cessez de me contacter|ne m'envoyez plus rien
ne me contactez plus|désabonnez-moi|veuillez me désinscrire|laissez-moi tranquille|mauvais numéro|faux numéro
retirez-moi de votre liste|supprimez mon numéro|Je ne veux plus recevoir de messages|Plus de textos svp|ça suffit
"""
PHRASES = [phrase for line in LIKELY.split("\n") if line for phrase in line.split("|")]

NEITHER = """
can you stop by at 5|Can you please stop by at 5?|don't stop|Don\u2019t stop texting me!|cancel my appointment
cancel my appointment for Tuesday|I have to cancel today|I would not cancel the order|the end of the month
I'll end up calling|when does it end|end of day works|what time do you end|weekend|stop sign on the corner
the bus stop is near|Stop by anytime|We will stop at the shop|non-stop service|full stop|make it stop dripping
The leak won't stop|I can't stop laughing|pull out all the stops|stop payment on check 102
you can stop the water at the valve|stopped|stop 2|please do not unsubscribe me|Please don't remove my number
can you remove the old sink|remove the snow please|removed|remove me from the 5pm slot
take me off the schedule for Tuesday|please don't call, text me instead|stop calling, just text me|call me again
I gave you the wrong number, it's 555 0199|my number is wrong|Is this the wrong size?|number 5 please
Do not text while driving|do not forget to text me|Please leave me a message|leave me a quote|I'm not alone
can you text me the address|message me when done|please send me more messages|is the message for me|can you email me
do not contact my wife, she is at work|no more coffee|Thanks, that's enough paint|I want to quit my job|quit claim deed
quite|quiet|and|ending|revoked license|out of office|opt for the cheaper one|unsubstantiated
Liked “Reply STOP to unsubscribe”|Loved "stop texting me"|Reacted 👍 to “Reply STOP to opt out”
A aimé « arrêtez de m'écrire »
Please do not send the technician before 9|restart|start now|startt|unstopp|starting|yes|no|ok|help|info|thanks|🛑|?
no me llegó el mensaje|¿puede parar en la tienda?|no dejes de escribirme|cancelar mi cita|al final del mes
a las 5 está bien|quiero más información|arrêt de bus|n'arrêtez pas|à la fin du mois|plus de détails svp
je veux annuler mon rendez-vous|quel est votre numéro?|laissez-moi un message
"""
BUSINESS = ["", "   ", *(text for line in NEITHER.split("\n") if line for text in line.split("|"))]

AROUND = st.text(
    alphabet=" \t\n.,!?;:'\"()-_*~\u2026\u2019\u201c\u201d\u200b\u200d\ufeff\ufe0f\u00a0🙏🛑😡👍🏽", max_size=8
)


def test_the_tables_are_long():
    """There is something to be wrong about: 60 and more of each."""
    assert min(len(PHRASES), len(BUSINESS), len(CERTAIN) + len(DRESSED)) >= 60


@pytest.mark.parametrize("word", CERTAIN)
def test_each_word_stops(word):
    """Every word of the regulators' and carriers' lists certainly opts out, in any case."""
    said = [optouts.classify(text) for text in (word, word.upper(), word.title())]

    assert [(one.says, one.certainty) for one in said] == [("stop", "certain")] * 3


@pytest.mark.parametrize("text", DRESSED)
def test_a_dressed_word_stops(text):
    """Punctuation, emoji, width, look-alikes, invisible characters and drawn-out letters hide no word."""
    said = optouts.classify(text)

    assert (said.says, said.certainty) == ("stop", "certain")


@pytest.mark.parametrize("text", PHRASES)
def test_a_phrase_probably_stops(text):
    """What a reasonable person would understand counts, wherever it stands, and names the phrase it was seen by."""
    said = optouts.classify(text)

    assert (said.says, said.certainty) == ("stop", "likely")
    assert said.phrase


@pytest.mark.parametrize("text", BUSINESS)
def test_business_is_neither(text):
    """A word inside a sentence, the opposite, a reaction to our own text, and an inexact START mean nothing."""
    assert optouts.classify(text) is None


@pytest.mark.parametrize("word", ["start", "START", "Unstop", " start! "])
def test_start_lifts(word):
    """START and UNSTOP are the words that lift an opt-out."""
    assert optouts.classify(word) == Said("start", "certain", word.strip(" !").lower())


def test_the_phrase_is_the_one_that_was_understood():
    """A person who confirms or lifts sees what gave the message away."""
    assert optouts.classify("Hi, pls STOP txting me, ok?").phrase == "stop texting"


def test_what_is_longer_than_a_text_is_never_certain():
    """In a message over 1,600 characters a word still blocks, for a person to look at; a START lifts nothing."""
    padding = "." * optouts.LONGEST

    assert optouts.classify("stop" + padding) == Said("stop", "likely", "stop")
    assert optouts.classify("start" + padding) is None
    assert optouts.classify(padding + "wrong number") is None


@given(st.sampled_from([*CERTAIN, "start", "unstop"]), AROUND, AROUND, st.data())
def test_what_stands_around_a_word_does_not_matter(word, before, after, data):
    """Any mix of case, with any punctuation, emoji and blanks around it, is the same word."""
    drawn = "".join(letter.upper() if data.draw(st.booleans()) else letter for letter in word)
    said = optouts.classify(before + drawn + after)

    assert (said.says, said.certainty) == ("start" if word in optout_words.START else "stop", "certain")


@given(st.sampled_from(PHRASES), AROUND, AROUND)
def test_what_stands_around_a_phrase_does_not_matter(phrase, before, after):
    """Decoration hides no phrase either; at most it is seen by another word."""
    said = optouts.classify(f"{before} {phrase} {after}")

    assert said is not None
    assert said.says == "stop"


@given(st.sampled_from(["stop", "end", "cancel", "quit", "remove", "pare", "alto", "baja", "annuler"]),
       st.sampled_from(["by", "my", "5", "the", "sign", "ü", "tomorrow", "work"]))  # fmt: skip
def test_one_more_word_makes_it_a_sentence(word, other):
    """A word with a plain word before or behind it is not an opt-out."""
    assert [optouts.classify(text) for text in (f"{word} {other}", f"{other} {word}")] == [None, None]


@given(st.text(max_size=2000))
def test_any_text_is_answered(text):
    """Whatever arrives, lone surrogates included, there is an answer; what says start is certain."""
    said = optouts.classify(text)

    assert said is None or (said.says, said.certainty) != ("start", "likely")


@given(st.text(), st.sampled_from([" ", "\u200b", "\ufe0f", "!"]))
def test_decoration_adds_no_word(text, more):
    """Only words are left of a text, whatever is hung on its end."""
    assert optouts.fold(text + more) == optouts.fold(text)


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("20 % off! Reply STOP to end.", True),
        ("Text “stop” to opt-out", True),
        ("Répondez ARRÊT", True),
        ("Responda BAJA para no recibir más", True),
        ("We are a nonstop service", False),
        ("Cancel any time, quit worrying", False),
        ("", False),
    ],
)
def test_a_text_of_ours_may_say_how_to_opt_out(text, is_told):
    """A word of those that firms name stands in it by itself, in any case."""
    assert optouts.tells_how_to_stop(text) is is_told
