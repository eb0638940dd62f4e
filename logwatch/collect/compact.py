"""Long columns in little room: numbers as narrow as they are, texts without an object each."""

from __future__ import annotations

from array import array
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy import ndarray

NARROW = "BH"
"""Types that hold 0 to 255, such as the numbers of most services' counters, and 0 to 65,535, as most counts of a minute."""


class Numbers:
    """Numbers of one kind in the narrowest array that holds all of them."""

    __slots__ = ("code", "held")

    def __init__(self, code: str, values: Iterable[float] = ()) -> None:
        """Begin with some; `code` is the type of array that holds any of them."""
        self.code = code
        self.held: array[Any] = array(NARROW[0])
        self.extend(values)

    def __len__(self) -> int:
        """Count them."""
        return len(self.held)

    def __iter__(self) -> Iterator[Any]:
        """Give each, of the type that it was given as."""
        return map(float, self.held) if self.code == "d" else iter(self.held)

    def __getitem__(self, at: int) -> Any:  # noqa: ANN401 - a whole number, or any
        """Give one."""
        return float(self.held[at]) if self.code == "d" else self.held[at]

    def __delitem__(self, part: slice) -> None:
        """Forget some."""
        del self.held[part]

    def __iadd__(self, values: Iterable[float]) -> Self:
        """Take more."""
        self.extend(values)
        return self

    def append(self, value: float) -> None:
        """Take one more."""
        self.extend((value,))

    def extend(self, values: Iterable[float]) -> None:
        """Take more; all become wider where one does not fit. Raises TypeError, and takes none, where one is no number."""
        held = values.held if isinstance(values, Numbers) else values
        given = held if isinstance(held, array) else array(self.code, held)
        if given.typecode != self.held.typecode:
            kinds = NARROW + self.code
            fitting, kind = self._narrowed(given, kinds[kinds.index(self.held.typecode) :])
            if kind != self.held.typecode:
                self.held = array(kind, self.held)
            self.held.frombytes(fitting)
            return
        self.held += given

    def _narrowed(self, given: array[Any], kinds: str) -> tuple[bytes, str]:
        """Give numbers in the first of some types that holds them, or in the last, and which that is."""
        import numpy as np

        wide = as_array(given)
        for kind in kinds:
            with np.errstate(invalid="ignore"):
                narrow = wide.astype(kind)
            if kind == kinds[-1] or (narrow == wide).all():
                break
        return narrow.tobytes(), kind

    def frombytes(self, values: bytes) -> None:
        """Take more out of the memory of an array of the widest type."""
        given: array[Any] = array(self.code)
        given.frombytes(values)
        self.extend(given)

    def tobytes(self) -> bytes:
        """Give the memory of an array of the widest type."""
        return array(self.code, self.held).tobytes()


class Texts:
    """Texts one behind the other in one piece of memory."""

    __slots__ = ("ends", "held")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Begin with some."""
        self.held = bytearray()
        self.ends = array("q")
        self.extend(texts)

    def __len__(self) -> int:
        """Count them."""
        return len(self.ends)

    def __iter__(self) -> Iterator[str]:
        """Give each."""
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, at: int) -> str:
        """Give one."""
        at = range(len(self))[at]
        return self.held[self.ends[at - 1] if at else 0 : self.ends[at]].decode(errors="surrogatepass")

    def __delitem__(self, part: slice) -> None:
        """Forget the last ones: a slice without an end."""
        first, end, step = part.indices(len(self))
        if (end, step) != (len(self), 1):
            raise ValueError(part)
        del self.held[self.ends[first - 1] if first else 0 :]
        del self.ends[first:]

    def append(self, text: str) -> None:
        """Take one more."""
        self.held += text.encode(errors="surrogatepass")
        self.ends.append(len(self.held))

    def extend(self, texts: Iterable[str]) -> None:
        """Take more; those of another column as they are."""
        begin = len(self.held)
        if isinstance(texts, Texts):
            self.ends.extend([begin + end for end in texts.ends])
            self.held += texts.held
            return
        given = [text.encode(errors="surrogatepass") for text in texts]
        self.ends.extend(islice(accumulate(map(len, given), initial=begin), 1, None))
        self.held += b"".join(given)


def take(values: array[Any] | Numbers | Texts, places: ndarray[Any, Any]) -> array[Any] | Texts:
    """Give some of a column's values, in their order; numbers as narrow as they are held."""
    if isinstance(values, Texts):
        ends = as_array(values.ends)
        begins = ends[places - 1] * (places > 0)
        taken, held = Texts(), values.held
        taken.held += b"".join([held[begin:end] for begin, end in zip(begins.tolist(), ends[places].tolist(), strict=True)])
        taken.ends.frombytes((ends[places] - begins).cumsum().tobytes())
        return taken
    found = as_array(values)[places]
    return array(found.dtype.char, found.tobytes())


def as_array(values: array[Any] | Numbers) -> ndarray[Any, Any]:
    """Give numbers as numpy has them, in the same memory: nothing may be appended as long as that is in use."""
    import numpy as np

    held = values.held if isinstance(values, Numbers) else values
    return np.frombuffer(held, held.typecode) if len(held) else np.empty(0, held.typecode)
