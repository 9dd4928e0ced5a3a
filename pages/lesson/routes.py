"""A class at its lessons, beside the pages: what telephones and the projector ask for costs no run of a script.

``GET /class/CODE`` is the page of both, ``…/state`` what it shows; who guesses posts to ``…/guess``, who shows the
lesson to ``…/show`` and ``…/end``, and takes ``…/hits.csv``. ``POST /class`` begins one.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import math
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from invariance.numbers import format_number
from invariance.spec import SpecError
from pages.lesson.classes import CODE_LENGTH, Class, classes
from pages.shared.serving import cookies, visitor
from pages.shared.serving.share import beyond, is_foreign, refused

if TYPE_CHECKING:
    from starlette.requests import Request

    from invariance.lessons import Answer

MAX_BYTES = 4096
"""Of what is sent: a guess has a few numbers."""
_NO_STORE = {"cache-control": "no-store"}
_NO_CLASS = "No class is under way here: it is over, or its address is another."
Answering = Callable[..., Awaitable[Response]]


def routes(under: str) -> list[Route]:
    """Where they are answered, under a path or none."""
    post, code = ["POST"], f"{under}/class/{{code}}"
    return [
        Route(f"{under}/class", _begin, methods=post),
        Route(f"{under}/class", _only),
        Route(code, _page),
        Route(f"{code}/state", _state),
        Route(f"{code}/guess", _guess, methods=post),
        Route(f"{code}/show", _show, methods=post),
        Route(f"{code}/end", _end, methods=post),
        Route(f"{code}/hits.csv", _hits),
        Route(f"{under}/sheet/{{kind}}/{{number:int}}", _sheet),
    ]


def may_begin(given: Any) -> bool:
    """Whether a browser with these cookies may show lessons to a class."""
    return not visitor.is_shared() or (bool(visitor.password()) and cookies.is_teacher(given, visitor.password()))


def _of_class(*, shown: bool = False) -> Callable[[Answering], Answering]:
    """Gives an answering function its class; what changes one, and what its teacher alone may, is refused to others."""

    def around(answering: Answering) -> Answering:
        @wraps(answering)
        async def answer(request: Request) -> Response:
            code = str(request.path_params["code"])
            found = classes().get(code) if len(code) == CODE_LENGTH else None
            if found is None:
                return refused(_NO_CLASS, 404)
            if request.method == "POST" and is_foreign(request):
                return refused("this is only taken from the pages of this server", 403)
            if shown and not _shows(request, found):
                return refused("only who began the class does this", 403)
            try:
                return await answering(request, found)
            except _RefusedError as error:
                return refused(str(error), error.status)
            except SpecError as error:
                return refused(str(error), 409)

        return answer

    return around


class _RefusedError(Exception):
    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


async def _begin(request: Request) -> Response:
    who = cookies.visitors(request.cookies)
    if is_foreign(request) or not who or not may_begin(request.cookies):
        return refused("on this server only the teacher begins a class: sign in at /teacher", 403)
    try:
        sent = parse_qs((await _body(request)).decode("ascii", "replace"))
        number = sent.get("n", ["1"])[0]
        found = classes().begin(who[0], _lesson(number))
    except _RefusedError as error:
        return refused(str(error), error.status)
    except SpecError as error:
        return refused(str(error), 409)
    return RedirectResponse(f"class/{found.code}", 303)


async def _only(request: Request) -> Response:
    found = classes().only()
    return RedirectResponse(f"class/{found.code}", 302, _NO_STORE) if found else _html("no_class.html", 404, up="")


async def _page(request: Request) -> Response:
    code = str(request.path_params["code"])
    if code != code.upper() and classes().get(code.upper()):
        return RedirectResponse(code.upper())
    found = classes().get(code)
    if found is None:
        return _html("no_class.html", 404, up="../")
    return _html("class.html", 200, shows=_shows(request, found), code=found.code, beyond=beyond())


@_of_class()
async def _state(request: Request, found: Class) -> Response:
    who, shows = cookies.visitors(request.cookies), _shows(request, found)
    if who and not shows:
        found.see(who[0])
    await found.wait(request.query_params.get("since", ""), is_shown=shows)
    if classes().get(found.code) is not found:
        return refused(_NO_CLASS, 404)
    return JSONResponse(await _told(found, who[0] if who else "", shows=shows), headers=_NO_STORE)


@_of_class()
async def _guess(request: Request, found: Class) -> Response:
    from invariance.lessons.guesses import checked

    who = cookies.visitors(request.cookies)
    if not who:
        raise _RefusedError("this browser keeps no cookies: without one a guess cannot be told from another's", 403)
    if (wait_s := found.wait_s(who[0])) > 0:
        raise _RefusedError(f"the next guess is taken in {wait_s:.1f} s", 429)
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise _RefusedError("guesses are JSON", 415)
    said = _json(await _body(request))
    number = said.get("n")
    if type(number) is not int or number != found.number:
        raise SpecError("the class has gone on to another lesson")
    answer = await found.once(("answer", number), partial(_answer_of, number))
    try:
        guess = checked(answer, said.get("guess"))
    except SpecError as error:
        raise _RefusedError(str(error), 422) from error
    found.guess(who[0], number, guess)
    return Response(status_code=204, headers=_NO_STORE)


@_of_class(shown=True)
async def _show(request: Request, found: Class) -> Response:
    from invariance.lessons import lessons

    said = _json(await _body(request))
    number, reveal = said.get("n"), said.get("reveal", False)
    if not (type(number) is int and 1 <= number <= len(lessons()) and isinstance(reveal, bool)):
        raise _RefusedError(f"n: a lesson from 1 to {len(lessons())}; reveal: true or false", 422)
    if reveal and number != found.number:
        raise SpecError("the class has gone on to another lesson")
    found.show(number, is_revealed=reveal)
    return Response(status_code=204, headers=_NO_STORE)


@_of_class(shown=True)
async def _end(request: Request, found: Class) -> Response:
    classes().end(found.code)
    return Response(status_code=204, headers=_NO_STORE)


@_of_class(shown=True)
async def _hits(request: Request, found: Class) -> Response:
    headers = {**_NO_STORE, "content-disposition": f'attachment; filename="class-{found.code}.csv"'}
    return Response(await asyncio.to_thread(_hits_table, found), media_type="text/csv", headers=headers)


def _hits_table(found: Class) -> str:
    """The hit rate at each lesson that was guessed at; nothing of single people."""
    from invariance.lessons import lessons
    from invariance.lessons.guesses import by_chance, hit_rate

    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("lesson", "title", "input", "num_guesses", "hit_rate", "low", "high", "by_chance"))
    for number, lesson in enumerate(lessons(), 1):
        if given := list(found.guesses(number).values()):
            answer = _answer_of(number)
            rate = hit_rate(answer, given)
            numbers = (rate.estimate, rate.low, rate.high, by_chance(answer))
            written = ("" if math.isnan(value) else f"{value:.4f}" for value in numbers)
            rows.writerow((number, lesson.title, lesson.input, len(given), *written))
    return text.getvalue()


async def _sheet(request: Request) -> Response:
    """What a lesson's worksheet, or its answer sheet, prints."""
    from invariance.lessons import ON_PAPER, lessons
    from pages.lesson.guess import figure_data

    kind, number = str(request.path_params["kind"]), int(request.path_params["number"])
    if kind not in ("blank", "answer") or not 1 <= number <= len(lessons()):
        return refused(f"sheets are /sheet/blank/1 and /sheet/answer/1, up to {len(lessons())}", 404)
    try:
        answer = await asyncio.to_thread(_answer_of, number)
    except SpecError as error:
        return refused(str(error), 404)
    has_answer = kind == "answer"
    values = {
        "answer": answer,
        "number": number,
        "has_answer": has_answer,
        "todo": ON_PAPER[answer.lesson.input].format(low=answer.lesson.low_is),
        "figure": figure_data(answer, is_revealed=has_answer, guess=None) | {"mode": "print"},
    }
    return _html("sheet.html", 200, **values)


async def _told(found: Class, who: str, *, shows: bool) -> dict[str, Any]:
    """What a browser of the class draws; before the reveal nothing of what is guessed."""
    tag, number = found.tag(is_shown=shows), found.number
    is_revealed, guesses = number in found.revealed, found.guesses(number)
    # A class is told the same very often: it is made once. Meanwhile the class may go on, which the next look shows.
    told = await found.once(("lesson", number, is_revealed), partial(_of_lesson, number, is_revealed))
    of_class = {}
    if shows or is_revealed:
        given = list(guesses.values())
        key = ("class", number, is_revealed, found.tag(is_shown=True))
        of_class = await found.once(key, partial(_crowd, number, given, is_revealed))
    if shows:
        # The answer is made before it is asked for, since everybody then waits for it.
        await found.once(("lesson", number, True), partial(_of_lesson, number, True))
        figure = told["figure"] | {"mode": "watch", "crowd": of_class["crowd"]}
        told = told | of_class | {"figure": figure, "guessed": len(guesses), "here": found.num_here()}
    elif is_revealed:
        told = told | {"said": of_class["said"]}
    return told | {"tag": tag, "guess": None if shows else guesses.get(who)}


def _of_lesson(number: int, is_revealed: bool) -> dict[str, Any]:
    from invariance.lessons import lessons
    from pages.lesson.guess import figure_data

    answer = _answer_of(number)
    lesson = answer.lesson
    told = {
        "n": number,
        "num": len(lessons()),
        "title": lesson.title,
        "question": lesson.question,
        "revealed": is_revealed,
        "figure": figure_data(answer, is_revealed=is_revealed, guess=None) | {"mode": "send"},
    }
    if is_revealed:
        told |= {"outcome": answer.outcome, "caution": answer.caution}
        told["explore"] = f"../{lesson.page}?{urlencode(lesson.view)}"
    return told


def _crowd(number: int, given: list[Any], is_revealed: bool) -> dict[str, Any]:
    """What a class guesses, and after the reveal how much of it is right."""
    from invariance.lessons.guesses import by_chance, counts, hit_rate, in_words, medians

    answer = _answer_of(number)
    told: dict[str, Any] = {"said": in_words(answer, given), "crowd": None, "hits": ""}
    if given:
        told["crowd"] = {"num": len(given), "counts": counts(answer, given), "medians": medians(answer, given)}
        rate = hit_rate(answer, given)  # also before it is told, so that nothing is loaded at the reveal
        words = format_number(rate.estimate) if math.isnan(rate.low) else str(rate)
        told["hits"] = f"Right: {words}, by chance {by_chance(answer):.2f}" * is_revealed
    return told


def prepare_lessons() -> None:
    """Makes all answers, and loads what it takes, before anybody asks.

    Raises:
        SpecError: a lesson cannot be read, or its table.
    """
    from invariance.lessons import lessons

    for number in range(1, len(lessons()) + 1):
        _of_lesson(number, True)
        _crowd(number, [], True)


def _lesson(said: str) -> int:
    """The lesson that a form names, or the first."""
    from invariance.lessons import lessons

    number = int(said) if said.isdecimal() and len(said) < 4 else 1
    return number if 1 <= number <= len(lessons()) else 1


def _answer_of(number: int) -> Answer:
    from invariance.lessons import lessons
    from pages.lesson.guess import known_answer

    return known_answer(lessons()[number - 1])


def _shows(request: Request, found: Class) -> bool:
    """Whether a browser began the class."""
    return found.owner in cookies.visitors(request.cookies)


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            raise _RefusedError(f"at most {MAX_BYTES} bytes are taken", 413)
    return body


def _json(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _RefusedError("this is not JSON", 400) from error
    if not isinstance(said, dict):
        raise _RefusedError("a JSON object is taken", 400)
    return said


def _html(name: str, status: int, **values: Any) -> Response:
    from pages.lesson.documents import document

    return HTMLResponse(document(name, **values), status, _NO_STORE)
