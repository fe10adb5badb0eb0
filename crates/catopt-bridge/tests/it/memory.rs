//! Memory of writing and reading a thousand assets, counted in bytes allocated and not in seconds.

use cosmosmesh_catopt_bridge::{assemble, mof, mps, restore};

use crate::fixture::large;

#[test]
fn memory_stays_within_three_times_the_file() {
    let fleet = large(1000);
    let mut text = String::new();
    let mut program = None;
    let written = allocation_counter::measure(|| {
        let assembly = assemble(&fleet).unwrap();
        mps::write(&assembly.program, mps::Ranges::TwoRows, &mut text);
        program = Some(assembly);
    });
    let (assembly, size) = (program.unwrap(), text.len() as u64);
    let read = allocation_counter::measure(|| {
        let import = mps::read(&text).unwrap();
        drop(import);
    });
    let restored = allocation_counter::measure(|| {
        let import = mps::read(&text).unwrap();
        drop(restore(&import.program, Some(&assembly.sidecar)).unwrap());
    });
    let mut json = String::new();
    let mof_written = allocation_counter::measure(|| drop(mof::write(&assembly.program, &mut json)));
    let mof_read = allocation_counter::measure(|| drop(mof::read(&json).unwrap()));
    let of = |info: allocation_counter::AllocationInfo, size: u64| info.bytes_max as f64 / size as f64;
    let json_size = json.len() as u64;
    println!(
        "mps {size} bytes: written {:.2}, read {:.2}, restored {:.2}; mof {json_size} bytes: written {:.2}, read {:.2}",
        of(written, size),
        of(read, size),
        of(restored, size),
        of(mof_written, json_size),
        of(mof_read, json_size)
    );
    assert!(of(written, size) <= 3.0 && of(read, size) <= 3.0 && of(restored, size) <= 3.0);
    assert!(of(mof_written, json_size) <= 3.0 && of(mof_read, json_size) <= 3.0);
}
