"""How English visitors say that something is otherwise than it was."""

from __future__ import annotations

from chatbot.language.telling import found

_OVER = r"(?:gone|left|sold|taken|broken|lost|made|become)"

ENGLISH_CHANGING = found(
    r"no longer",
    r"any ?more",
    r"any longer",
    r"not .{1,30} after all",
    r"instead",
    r"used to",
    r"have (?:now )?(?:moved|changed|sold|lost|given up|"
    r"left|quit|retired|decided against|called off|cancelled)",
    r"i(?:'ve)? (?:sold|gave up|quit|stopped|cancelled|called off|lost)",
    r"(?:has |have )?(?:died|passed away|run away)",
    r"is dead",
    r"i was (?:wrong|mistaken)",
    r"i (?:misspoke|meant)",
    r"actually",
    r"in fact",
    r"correction",
    r"changed my mind",
    r"by now",
)

ENGLISH_RENEWING = found(
    r"now|nowadays|these days|at present|since|lately|no more|new|another|only|just|after all|better than|"
    r"by mistake|last week|yesterday",
    rf"(?:has|have|'ve|(?:i|we|they)'ve|(?:he|she)'s) (?:been |just |now )*(?!got\b|had\b)(?:\w+ed|given|"
    rf"put|begun|come|run|flown|grown|fallen|found|cut|let|paid|{_OVER})",
    rf"(?:was|were|is|are|got|get) (?:\w+ed|put off|stolen|dead|free|done|over|{_OVER})",
    r"turned|died|moved|quit|stopped|switched|changed|swapped|retired|resigned|joined|raised|flew|gave|broke|"
    rf"bought|ran|came|became|put me|{_OVER}",
)
