//! The child as this crate's tests start it: nothing but `child_main`.

fn main() -> std::process::ExitCode {
    strongroom_render::child_main()
}
