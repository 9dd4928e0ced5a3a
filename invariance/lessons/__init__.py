"""Lessons: a question, a guess, and what shipped tables answer; a file each, see :mod:`invariance.lessons.lesson`."""

from invariance.lessons.answer import Answer, answer_of
from invariance.lessons.lesson import INPUTS, ON_PAPER, Lesson, Places, Series, lessons

__all__ = ["INPUTS", "ON_PAPER", "Answer", "Lesson", "Places", "Series", "answer_of", "lessons"]
