"""An estimate as a person reads it: what can shrink, how far, whether it is enough, how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stillhouse.bars import sparkline
from stillhouse.documents import Document
from stillhouse.picture import clock_time, count

_GROUPS_SHOWN = 6
_FROZEN_SHOWN = 6
_COSTS = ("params", "macs", "bytes", "activations")
_LABELS = ("parameters", "MACs", "bytes", "activations")


def estimate_table(result: Document) -> RenderableType:
    """Returns what is shown of an estimate's result."""
    return Group(
        _found(result),
        Text(),
        _sizes(result),
        Text("median and largest: by parameters, of those drawn", style="bright_black"),
        Text(),
        _constraints(result["constraints"], int(result["space"]["drawn"])),
        _spread(result),
        _measured(result["latency"]),
        _time(result["time"]),
        _notes(result["notes"]),
    )


def _found(result: Document) -> Table:
    teacher = result["teacher"]
    groups = sorted(result["groups"], key=lambda group: -int(group["units"]))
    named = [f"{group['name']} {group['units']}" for group in groups[:_GROUPS_SHOWN]]
    if len(groups) > _GROUPS_SHOWN:
        named.append(f"{len(groups) - _GROUPS_SHOWN} more")
    facts = _facts()
    shape = "x".join(map(str, teacher["input_shape"]))
    facts.add_row("teacher", f"{teacher['layers']} weighted layers, images of {shape}")
    facts.add_row("can shrink", f"{len(groups)} channel groups: {', '.join(named) or 'none'}")
    facts.add_row("can go", f"{result['removals']} layers or blocks; {result['skips']} skips fit")
    for label, told in _frozen(result["frozen"]):
        facts.add_row(label, told)
    return facts


def _frozen(frozen: Document) -> Iterator[tuple[str, str]]:
    if not frozen:
        yield "frozen", "nothing"
    for number, (layer, why) in enumerate(list(frozen.items())[:_FROZEN_SHOWN]):
        yield ("frozen" if number == 0 else ""), f"{layer}: {why}"
    if len(frozen) > _FROZEN_SHOWN:
        yield "", f"and {len(frozen) - _FROZEN_SHOWN} more"


def _sizes(result: Document) -> Table:
    teacher = result["teacher"]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black", pad_edge=False)
    table.add_column("")
    for label in (*_LABELS, "latency"):
        table.add_column(label, justify="right", no_wrap=True)
    rows = [("teacher", teacher)]
    rows += [(name, result["space"][name]) for name in ("largest", "median", "smallest")]
    if (nearest := result["constraints"]["nearest"]) is not None:
        rows.append(("nearest", nearest))
    for name, costs in rows:
        style = "bold" if name == "nearest" else ""
        cells = [_cost(costs, teacher, cost) for cost in _COSTS]
        table.add_row(name, *cells, _latency(costs.get("latency_ms")), style=style)
    return table


def _cost(costs: Document, teacher: Document, name: str) -> str:
    told = count(int(costs[name]))
    if costs is teacher or not teacher[name]:
        return told
    return f"{told} {costs[name] / teacher[name]:6.1%}"


def _latency(latency_ms: float | None) -> str:
    return "" if latency_ms is None else f"{latency_ms:.3g} ms"


def _constraints(constraints: Document, drawn: int) -> Text:
    limits = constraints["limits"]
    if not limits:
        return Text("no constraints: every student counts", style="green")
    asked = ", ".join(_limit(name, limit) for name, limit in limits.items())
    share = float(constraints["feasible_share"])
    if constraints["feasible"] is None:
        return Text.assemble(("not judged", "bold yellow"), f"  {asked}: {_open(constraints)}")
    if constraints["feasible"]:
        kept = f"{share:.1%} of {drawn:,} drawn students keep it"
        if not share:
            kept = f"none of {drawn:,} drawn students keeps it, but a search starts where some do"
        return Text.assemble(("feasible", "bold green"), f"  {asked}: {kept}")
    text = Text.assemble(("infeasible", "bold red"), f"  {asked}: no student keeps it")
    for error in constraints["errors"]:
        place = str(error["pointer"]).lstrip("#/").replace("/", ".")
        text.append(f"\n  {place}", style="bold").append(f": {error['detail']}")
    return text


def _open(constraints: Document) -> str:
    """Returns why it is open whether the constraints can be kept."""
    if not constraints["unjudged"]:
        return "latency is known too roughly to tell whether a student keeps it"
    kept = "too few latencies were measured to tell whether a student keeps it"
    if set(constraints["limits"]) == set(constraints["unjudged"]):
        return kept
    return f"{kept}; {float(constraints['feasible_share']):.1%} of those drawn keep the others"


def _limit(name: str, limit: float) -> str:
    if name == "latency_ms":
        return f"latency ≤ {limit:g} ms"
    return f"{dict(zip(_COSTS, _LABELS, strict=True))[name]} ≤ {count(int(limit))}"


def _spread(result: Document) -> Table:
    facts = _facts()
    labels = {"params_ratio": "parameters", "macs_ratio": "MACs", "latency_ms": "latency"}
    for name, histogram in result["space"]["histogram"].items():
        low, high = histogram["edges"][0], histogram["edges"][-1]
        ends = (f"{low:.3g} ms", f"{high:.3g} ms")
        if name != "latency_ms":
            ends = (f"{low:.1%}", f"{high:.1%}")
        line = sparkline(histogram["counts"], len(histogram["counts"]))
        facts.add_row(labels.get(name, name), f"{ends[0]} {line} {ends[1]}")
    return facts


def _measured(latency: Document) -> Table:
    facts = _facts()
    images, threads = latency["batch_size"], latency["threads"]
    facts.add_row("measured by", f"{latency['runtime']}, batch size {images}, threads {threads}")
    if (error := latency["error"]) is not None:
        told = (
            f"{error['measured']} measured, others predicted; typical error {error['median']:.0%}"
        )
        facts.add_row("", told)
    return facts


def _time(times: Document) -> Table:
    facts = _facts()
    parts = [
        f"{label} {_duration(float(times[name]))}"
        for name, label in (("teacher_s", "teacher"), ("search_s", "search"), ("final_s", "final"))
    ]
    total = _duration(float(times["total_s"]))
    facts.add_row("likely time", f"[bold]{total}[/] on this server ({', '.join(parts)})")
    return facts


def _notes(notes: Sequence[str]) -> Table:
    facts = _facts()
    for number, note in enumerate(notes):
        facts.add_row("" if number else "note", note)
    return facts


def _duration(seconds: float) -> str:
    days = seconds / 86_400
    return f"{days:,.0f} days" if days >= 2 else clock_time(seconds)


def _facts() -> Table:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bright_black", min_width=len("likely time"))
    facts.add_column()
    return facts
