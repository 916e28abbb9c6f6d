"""The state of a sample: an open set of conditions over one table, each with a unit, a range and a default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from polyloop.core.errors import InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.core.registry import Registry

__all__ = ["CONDITIONS", "Condition", "Conditions", "Value"]

Value = float | str
# The first two stand in every key, with their defaults too, as keys have been made from the start. Those that came
# later are left out where they have their defaults, so that a new condition changes no key.
_ALWAYS = ("temperature", "pressure")


@dataclass(frozen=True)
class Condition:
    """One row of the table of conditions.

    Parameters
    ----------
    unit
        Empty for one that is a word, such as a solvent.
    low, high
        What may be given, in `unit`; the ends are allowed unless `open_low`.
    default
        What holds where nothing is said.
    """

    name: str
    symbol: str
    unit: str
    low: float
    high: float
    default: Value
    definition: str
    open_low: bool = False

    @property
    def is_word(self) -> bool:
        """Whether its value is a word and no number."""
        return isinstance(self.default, str)

    def check(self, value: Any) -> Value:
        """Return `value` as this condition keeps it.

        Raises
        ------
        InvalidInputError
            If it is no number, or outside of the range; a word must not be empty.
        """
        if self.is_word:
            if not isinstance(value, str) or not value.strip():
                raise InvalidInputError(f"A {self.name} of {value!r} is none.", where=self.name, hint="Give a name.")
            return value.strip()
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise InvalidInputError(
                f"A {self.name} of {value} {self.unit} is none.", where=self.name, hint="Give a finite number."
            )
        if not self.low <= value <= self.high or (self.open_low and value == self.low):
            above = f"above {self.low:g}" if self.open_low else f"from {self.low:g}"
            upper = "" if self.high == float("inf") else f" to {self.high:g}"
            raise InvalidInputError(
                f"A {self.name} of {value:g} {self.unit} is none.", where=self.name,
                hint=f"Give a number {above}{upper}.",
            )  # fmt: skip
        return float(value)


CONDITIONS: Registry[Condition] = Registry("conditions", "condition", ("unit", "low", "high", "default", "check"))
_INFINITY = float("inf")
TEMPERATURE = Condition("temperature", "T", "K", 0.0, _INFINITY, 298.15, "Temperature of the sample.", open_low=True)
PRESSURE = Condition("pressure", "p", "atm", -_INFINITY, _INFINITY, 1.0, "Pressure on the sample.")
RELATIVE_HUMIDITY = Condition(
    "relative_humidity", "RH", "1", 0.0, 1.0, 0.0, "Relative humidity of the air that the sample is in balance with."
)
FREQUENCY = Condition("frequency", "f", "Hz", 0.0, _INFINITY, 0.0, "Frequency of the field or load; 0 is static.")
SOLVENT = Condition("solvent", "", "", 0.0, 0.0, "none", "What the sample is dissolved in or swollen by.")


class Conditions(Mapping[str, Value]):
    """State of a sample: temperature in K, pressure in atm, and any other condition of the table by its name.

    A mapping of temperature, pressure and every other condition that differs from its default.

    Raises
    ------
    InvalidInputError
        If the table has no such condition, or a value is none of it (a temperature that is not above 0, ...).

    Examples
    --------
    >>> from polyloop.core import Conditions
    >>> Conditions(350.0)
    Conditions(temperature=350.0, pressure=1.0)
    >>> Conditions(solvent="water")["solvent"]
    'water'
    """

    __slots__ = ("_values",)
    _values: dict[str, Value]

    def __init__(self, temperature: float = 298.15, pressure: float = 1.0, **others: Value) -> None:
        values: dict[str, Value] = {
            "temperature": TEMPERATURE.check(temperature),
            "pressure": PRESSURE.check(pressure),
        }
        for name in sorted(others):
            if name not in CONDITIONS:
                raise InvalidInputError(
                    f"There is no condition {name!r}.", where="conditions", hint=did_you_mean(name, CONDITIONS)
                )
            row = CONDITIONS.find(name)
            value = row.check(others[name])
            if value != row.default:
                values[name] = value
        object.__setattr__(self, "_values", values)

    @property
    def temperature(self) -> float:
        """In K."""
        return float(self._values["temperature"])

    @property
    def pressure(self) -> float:
        """In atm."""
        return float(self._values["pressure"])

    def get_or_default(self, name: str) -> Value:
        """Return a condition of the table, whether it was said or not.

        Raises
        ------
        ConfigurationError
            If the table has none of that name.
        """
        return self._values[name] if name in self._values else CONDITIONS.find(name).default

    @property
    def unusual(self) -> tuple[str, ...]:
        """Names of the conditions that differ from their defaults."""
        usual = {"temperature": TEMPERATURE.default, "pressure": PRESSURE.default}
        return tuple(name for name, value in self._values.items() if usual.get(name) != value)

    def but(self, **changed: Value) -> Conditions:
        """Return the same state with some conditions changed."""
        return Conditions(**{**self._values, **changed})  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Value]:
        """Return what a key and the store hold: temperature and pressure always, others where they are unusual."""
        return dict(self._values)

    def words(self) -> str:
        """The state in words: `350 K, 1 atm, relative_humidity 0.5`."""
        parts = [f"{self.temperature:g} K", f"{self.pressure:g} atm"]
        for name, value in self._values.items():
            if name not in _ALWAYS:
                unit = CONDITIONS.find(name).unit
                number = value if isinstance(value, str) else f"{value:g}"
                parts.append(f"{name} {number}{f' {unit}' if unit not in ('', '1') else ''}")
        return ", ".join(parts)

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Conditions) and self._values == other._values

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._values.items())))

    def __repr__(self) -> str:
        return f"Conditions({', '.join(f'{name}={value!r}' for name, value in self._values.items())})"

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("Conditions do not change; make new ones with .but(...).")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self._values,)


def _rebuild(values: dict[str, Value]) -> Conditions:
    return Conditions(**values)  # type: ignore[arg-type]
