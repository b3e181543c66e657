"""A `strongroom render` that makes the peers' three outputs and not ours.

The product makes what its contract says (a lossless `full`, four reduced pictures, two of them WebP, and a thumb); peers are asked for three JPEGs. To
compare like with like without a door in the product that nobody else needs, the tree's crates are copied, one function is given another body, and
the render child is built from that. It still writes `full`.
"""

import os
import re
import shutil

from . import PEERS, ROOT, install

PLAN = """pub fn plan_reduced(size: Size) -> Vec<Reduced> {
    use {Geometry::*, RenditionFormat::*, RenditionName::*};
    vec![
        Reduced { name: Preview, geometry: Whole(size.fit_longest(1920)), format: Jpeg, quality: 82 },
        Reduced { name: SquarePreview, geometry: CentreSquare(size.square(960)), format: Jpeg, quality: 80 },
        Reduced { name: Thumb, geometry: Whole(size.fit_width(300)), format: Jpeg, quality: 80 },
    ]
}
"""


def child():
    """Its path. BENCH_TREE names another tree than this one."""
    source, copy = type(ROOT)(os.environ.get("BENCH_TREE", ROOT)), PEERS / "three-outputs"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for name in ("Cargo.toml", "Cargo.lock"):
        shutil.copy2(source / name, copy / name)
    shutil.copytree(source / "crates", copy / "crates", ignore=shutil.ignore_patterns("target"))
    path = copy / "crates" / "strongroom-core" / "src" / "rendition.rs"
    text, found = re.subn(r"pub fn plan_reduced\(.*?\n}\n", lambda _: PLAN, path.read_text(), count=1, flags=re.DOTALL)
    if not found:
        raise install.Missing(f"{path} has no plan_reduced to replace: harness/three_outputs.py has to follow it")
    path.write_text(text)
    target = PEERS / "three-outputs-target"
    install.run("cargo", "build", "--release", "--quiet", "--package", "strongroom-render", "--bin", "strongroom-render-child", cwd=copy,
                env=os.environ | {"CARGO_TARGET_DIR": str(target)})
    return target / "release" / "strongroom-render-child"
