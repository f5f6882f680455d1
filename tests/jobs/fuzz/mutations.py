"""What files suffer."""

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Some of what files suffer: bits and bytes changed, parts lost, doubled, moved, cut off."""
    mutant = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 5, 20))):
        at = chance.randrange(len(mutant) + 1)
        end = min(len(mutant), at + chance.choice((1, 1, 2, 8, 100)))
        match chance.randrange(8):
            case 0 if at < len(mutant):
                mutant[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(mutant):
                mutant[at] = chance.choice((0, 10, 13, 34, 44, 45, 46, 48, 57, 127, 128, 255, chance.randrange(256)))
            case 2:
                del mutant[at:end]
            case 3:
                mutant[at:at] = mutant[at:end]
            case 4:
                other = chance.randrange(len(mutant) + 1)
                mutant[other:other] = content[at:end]
            case 5:
                mutant[at:at] = chance.choice(
                    (b'"', b",", b"\n", b"\r", b"\x00", b"\xff", b'""', b",,", b"\n\n", b"nan")
                )
            case 6 if chance.random() < 0.1:
                del mutant[at:]
            case _:
                mutant[at:end] = chance.randbytes(end - at)
    return bytes(mutant)
