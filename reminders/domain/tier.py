"""How much attention a customer's bills call for."""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    R0 = "R0"  # self-managed
    R1 = "R1"  # standard
    R2 = "R2"  # elevated
    R3 = "R3"  # high
