"""bench/RESULTS.md and the plots, from bench/results.json; where a target is missed, with what the profiles of bench/FINDINGS.md show."""

from . import BENCH, plots

CASES = ("upload-large", "complete", "upload-small", "photos", "film", "delivery", "listing", "start")
SIGNS = {True: "**met**", False: "not met", None: "not measured"}


def write(results):
    (BENCH / "plots").mkdir(exist_ok=True)
    parts = [HEAD, summary(results)]
    parts += [section(name, results[name]) for name in CASES if name in results]
    (BENCH / "RESULTS.md").write_text("\n".join(parts))


HEAD = """# Results

Written by `bench/run` from `results.json`; not by hand. Every number is the median of the counted runs, taken in turns on one machine; what is
fair about the comparisons and what is not stands in [README.md](README.md).
"""


def summary(results):
    lines = ["## Targets\n", "| case | what | wanted | here | limit here | |", "|---|---|---|---|---|---|"]
    for name in CASES:
        for line in results.get(name, {}).get("targets", []):
            lines.append(f"| {name} | {line['what']} | {line['wanted']} | {line['ours']} | {line['limit']} | {SIGNS[line['met']]} |")
    if unmeasured := [name for name in CASES if name not in results]:
        lines.append(f"\nNot measured yet: {', '.join(unmeasured)}.")
    return "\n".join(lines) + "\n"


def section(name, result):
    machine = result["machine"]
    lines = [f"## {result['title']}\n",
             f"`ONLY={name} bench/run`, {result['taken']}, {result['rounds']} counted runs. {machine['cores']} × {machine['processor']}, "
             f"{machine['memory_gib']} GiB, {machine['disk']}, {machine['system']}; commit {machine['commit']}; load average before it {machine['load_before']:.1f}.\n"]
    if remark := result.get("remark"):
        lines.append(f"> {remark}\n")
    for index, table in enumerate(result["tables"]):
        lines += table_lines(table)
        if plot := table.get("plot"):
            file = f"plots/{name}-{index + 1}.svg"
            (BENCH / file).write_text(plots.bars(plot["title"], [(row["name"], row["values"].get(plot["key"])) for row in table["rows"]], plot["unit"]))
            lines.append(f"![{plot['title']}]({file})\n")
    lines += [f"- {note}" for note in result.get("notes", [])]
    lines += [f"- **Missing:** {text}" for text in result.get("missing", [])]
    if result.get("versions"):
        lines.append("- Versions: " + "; ".join(f"{name}: {text}" for name, text in result["versions"].items()))
    if any(target["met"] is False for target in result.get("targets", [])):
        lines += ["\n### Where the time goes\n", *finding(result["title"])]
    if result.get("commands"):
        lines += ["\n<details><summary>Commands</summary>\n", "```", *result["commands"], "```", "</details>"]
    return "\n".join(lines) + "\n"


def finding(title):
    """The paragraph of FINDINGS.md about a case, which is known by its letter: the lines below `## a. …`."""
    letter = title.split(".")[0]
    chapters = (BENCH / "FINDINGS.md").read_text().split("\n## ")
    return next((chapter.splitlines()[1:] for chapter in chapters if chapter.startswith(f"{letter}. ")), ["Not profiled yet."])


def table_lines(table):
    columns = table["columns"]
    lines = [f"**{table['title']}**\n"] if table.get("title") else []
    lines += ["| | " + " | ".join(label for _, label, _ in columns) + " |", "|---|" + "---:|" * len(columns)]
    for row in table["rows"]:
        cells = [form.format(row["values"][key]) if row["values"].get(key) is not None else "–" for key, _, form in columns]
        lines.append(f"| {row['name']} | " + " | ".join(cells) + " |")
    return [*lines, ""]
