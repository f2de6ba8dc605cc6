"""The numbers that cases of Deribit's portfolio margin give, under the names they have there."""

from decimal import Decimal

from tests.cases.reader import Inputs, UnknownShape

SYNONYMS = {
    "buckets_each_side": ("buckets", "buckets_count"),
    "extended_table_factor": ("extended_factor",),
    "min_annualised_move": ("min_move", "min_expiry_delta_shock"),
    "annualised_move_risk": ("annualised_risk", "annualised_move"),
    "delta_total_liq_shock_threshold": ("delta_shock_threshold", "delta_threshold"),
    "short_term_vega_power": ("power",),
    "long_term_vega_power": ("power",),
    "correlation_contingency": ("correlation",),
    "open_orders_margin": ("open_orders",),
}
NUMBERS = (
    *("price_range", "pnl_offset", "max_offsetable_pnl", "extended_dampener", "mm_factor"),
    *("volatility_range_up", "volatility_range_down", "min_volatility_for_shock_up"),
    *("m_inc", "max_delta_shock", "spot_margin", "mmp_margin", "index"),
    *("worst_case", "roll_shock", "delta_shock", "risk_matrix_margin"),
    *SYNONYMS,
    *{word for words in SYNONYMS.values() for word in words},
)


class Given:
    """The numbers of a case; asking for one that it does not give says which."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        # All are read at once, so that none that plays no part is called unread.
        self.numbers = {name: inputs.number(name, None) for name in NUMBERS}
        self.moves = _list(inputs, "price_moves", "moves")
        self.extended_moves = _list(inputs, "extended_moves")

    def __getitem__(self, name: str) -> Decimal:
        for word in (name, *SYNONYMS.get(name, ())):
            found = self.numbers[word]
            if found is not None:
                return found
        raise UnknownShape(f"no {name} among {', '.join(sorted(self.inputs.values))}")

    def has(self, name: str) -> bool:
        """Return whether a number is given."""
        return any(self.numbers[word] is not None for word in (name, *SYNONYMS.get(name, ())))

    def get(self, name: str, default: Decimal) -> Decimal:
        """Return a number, or `default` where it is not given."""
        return self[name] if self.has(name) else default


def _list(inputs: Inputs, *names: str) -> list[Decimal]:
    for name in names:
        if inputs.has(name):
            return inputs.numbers(name)
    return []
