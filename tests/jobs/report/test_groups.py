"""Risk by book, the change since the last report, warnings, and books at the edges."""

from typing import Any

import pytest
from matplotlib.figure import Figure

from report_generation.pages import figures
from risk_results import UNITS_PER_USD
from risk_results.documents import SCALES
from risk_results.files import combine
from risk_results.measures import tail_measure
from tests.jobs.harness import Night
from tests.jobs.portfolios import Row, profit, put_json, stored, trade
from tests.jobs.report.nights import pdf_text, report_here, small


class TestBooks:
    def night_of_books(self, night: Night, factor: float = 1.0) -> dict[str, Any]:
        rows = [
            [
                trade(trade_id="T-1", book="Long", desk="Cash", quantity=1_000.0 * factor),
                trade(trade_id="T-2", book="Hedge", desk="Cash", quantity=-700.0),
            ],
            [trade(trade_id="T-3", book="Other", desk="Rates", instrument="BD-1", asset_class="bond", volatility=0.05)],
        ]
        return small(night, rows)

    def test_component_and_incremental(self, night: Night) -> None:
        """A hedge in the same instrument: negative component, and without it the rest loses more."""
        document = self.night_of_books(night)
        books = {group["name"]: group for group in document["groups"] if group["dimension"] == "book"}
        whole = document["portfolio"]["measures"][-1]["expected_shortfall"]
        assert sum(b["component_expected_shortfall"] for b in books.values()) == pytest.approx(whole, abs=0.01)
        hedge, long = books["Hedge"], books["Long"]
        assert hedge["component_expected_shortfall"] < 0 < hedge["expected_shortfall"]
        assert hedge["incremental_expected_shortfall"] < 0
        assert long["expected_shortfall"] / hedge["expected_shortfall"] > 1000 / 701 - 0.3
        vectors = combine([stored(night, 0), stored(night, 1)])
        keys = [(group.dimension, group.name) for group in vectors.header.groups]
        row = keys.index(("book", "Hedge"))
        alone = vectors.amounts.columns(0, 1_000).scaled_down(*SCALES["generated"])[row]
        without = tail_measure(profit(vectors) - alone, 990).expected_shortfall / UNITS_PER_USD
        assert hedge["incremental_expected_shortfall"] == pytest.approx(whole - without, abs=0.01)

    def test_the_pdf_lists_them(self, night: Night) -> None:
        self.night_of_books(night)
        text = pdf_text(night)
        for words in ("By book", "By desk", "By asset class", "Hedge", "Rates", "component ES", "No trade has a gamma"):
            assert words in text

    def test_books_that_are_not_drawn_by_themselves_share_a_bar(
        self, night: Night, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """So that the bars add up to the whole, as the figure says."""
        draw, bars = figures._png, {}

        def look(figure: Figure) -> bytes:
            axes = figure.axes[0]
            if "expected shortfall" in axes.get_xlabel():
                names = [label.get_text() for label in axes.get_yticklabels()]
                bars.update(zip(names, [bar.get_width() for bar in axes.patches], strict=True))
            return draw(figure)

        monkeypatch.setattr(figures, "_png", look)
        document = small(night, [[trade(trade_id=f"T-{n}", book=f"B-{n}", quantity=100.0 * n) for n in range(1, 18)]])
        books = [group for group in document["groups"] if group["dimension"] == "book"]
        components = sorted((book["component_expected_shortfall"] for book in books), reverse=True)
        assert (len(components), len(bars)) == (17, 16)
        assert bars["2 others"] / sum(bars.values()) == pytest.approx(sum(components[15:]) / sum(components))

    def test_change_against_the_last_report(self, night: Night) -> None:
        today = night.business_date
        night.business_date, night.run_id = "2026-11-18", "earlier"
        before = self.night_of_books(night)
        night.business_date, night.run_id = today, "nightly-1"
        after = self.night_of_books(night, factor=2.0)
        assert (before["compared_with"], after["compared_with"]) == (None, "2026-11-18")
        assert any("against 2026-11-18" in warning and "Value at risk" in warning for warning in after["warnings"])
        assert "Change since 2026-11-18, by book" in pdf_text(night)

    @pytest.mark.parametrize("content", [b"{}", b"\xff", b"[]", b'{"format": 1}'])
    def test_a_last_report_that_cannot_be_read_is_left_out(self, night: Night, content: bytes) -> None:
        day = "2026-11-19"
        json_uri = f"s3://{night.output_bucket}/reports/{day}/x/report.json"
        marker = {"run_id": "x", "business_date": day, "report_uri": json_uri, "json_uri": json_uri}
        put_json(night, f"reports/{day}/_SUCCESS", marker | {"finished_at": "2026-11-19T05:00:00Z"})
        night.s3.put_object(Bucket=night.output_bucket, Key=f"reports/{day}/x/report.json", Body=content)
        assert self.night_of_books(night)["compared_with"] is None


class TestEdges:
    def test_a_book_worth_nothing(self, night: Night) -> None:
        """Rounds to 0 units: nothing to divide by."""
        document = small(night, [[trade(quantity=1e-6, price=1e-6)]])
        assert document["portfolio"]["exposure"]["gross"] == 0
        assert "there is nothing to lose" in pdf_text(night)

    def test_a_book_that_can_only_gain(self, night: Night) -> None:
        document = small(night, [[trade(delta=0.0, gamma=100.0)]])
        assert document["portfolio"]["measures"][-1]["value_at_risk"] < 0
        text = pdf_text(night)
        assert "gains less than USD" in text
        assert "loses more than" not in text

    def test_a_book_without_risk(self, night: Night) -> None:
        document = small(night, [[trade(volatility=0.0)]])
        assert document["portfolio"]["measures"][-1]["value_at_risk"] == 0
        assert document["portfolio"]["standard_deviation"] == 0

    def test_equal_trades_in_two_shards_are_ranked_by_id(self, night: Night) -> None:
        rows = [trade(trade_id=f"T-{number:02d}") for number in range(40)]
        document = small(night, [rows[20:], rows[:20]])
        assert [risky["trade_id"] for risky in document["riskiest_trades"]] == [f"T-{n:02d}" for n in range(20)]

    def test_text_from_outside_breaks_nothing(self, night: Night) -> None:
        """A dollar sign would start a formula, a bracket a tag, a long word would not fit."""
        small(night, [[trade()]])
        strange = "<b>$x^{\\frac$ " + "w" * 3_000 + "\u0007"
        file = {"key": strange, "sha256": "a" * 64, "accepted": 1, "rejected": 0}
        quality = {"run_id": "x", "files": [file] * 100, "reasons": {strange: 3, "$": 1}, "rejected_uri": strange}
        put_json(night, night.layout.quality.key, quality)
        report_here(night)
        assert "70 more files are in report.json" in pdf_text(night)


class TestWarnings:
    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            (
                [trade(currency="EUR", fx_to_usd=1.08), trade(trade_id="T-2", currency="EUR", fx_to_usd=1.2)],
                "EUR has more than one rate to the US dollar: 1.08 to 1.2",
            ),
            ([trade(price=50.0), trade(trade_id="T-2", price=5e6)], "EQ-1 is priced from USD 50 to 5,000,000"),
            ([trade()], "EQ-1 is 100 % of the gross exposure"),
        ],
    )
    def test_across_rows(self, night: Night, rows: list[Row], message: str) -> None:
        document = small(night, [rows[:1], rows[1:]] if len(rows) > 1 else [rows])
        assert any(message in warning for warning in document["warnings"]), document["warnings"]
        assert "Look at these first" in pdf_text(night)

    def test_a_book_without_faults_has_none(self, night: Night) -> None:
        rows = [trade(trade_id=f"T-{n}", instrument=f"EQ-{n}") for n in range(20)]
        assert small(night, [rows])["warnings"] == []
        assert "Look at these first" not in pdf_text(night)
