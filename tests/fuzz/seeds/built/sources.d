/t/deps/speed-1.d: a/benches/speed.rs ../shared.rs benches/my\ data.txt /checkout/x.rs

a/benches/speed.rs:
# env-dep:CARGO_MANIFEST_DIR=/c
