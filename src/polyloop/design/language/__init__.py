"""A chemical language of repeat units, and models that write in it."""

from polyloop.design.language.assessment import DescriptorSpace, Quality, frechet_distance, judge_samples
from polyloop.design.language.generation import Drawing
from polyloop.design.language.generator import LanguageCard, RepeatUnitGenerator
from polyloop.design.language.keeping import LANGUAGE_MODELS, load_language, save_language
from polyloop.design.language.ngram import NgramGenerator
from polyloop.design.language.recurrent import RecurrentGenerator
from polyloop.design.language.source import LanguageSource
from polyloop.design.language.writing import Written, write_units, written_units

__all__ = [
    "LANGUAGE_MODELS",
    "DescriptorSpace",
    "Drawing",
    "LanguageCard",
    "LanguageSource",
    "NgramGenerator",
    "Quality",
    "RecurrentGenerator",
    "RepeatUnitGenerator",
    "Written",
    "frechet_distance",
    "judge_samples",
    "load_language",
    "save_language",
    "write_units",
    "written_units",
]
