//! Memory of writing and reading a thousand assets, counted in bytes allocated and not in seconds.

use allocation_counter::measure;
use cosmosmesh_catopt_bridge::document::{self, DiagramText};
use cosmosmesh_catopt_bridge::family::{self, Dialect};
use cosmosmesh_catopt_bridge::{
    Blocks, CatoptError, Diagram, DirectSum, Fleet, FleetDiagram, Junction, Parts, Port, Source, Wire, acset, assemble,
    lp, mof, mps, restore,
};
use cosmosmesh_contracts::file::{FleetText, write_fleet};
use cosmosmesh_contracts::problem::SparseMatrix;
use cosmosmesh_crypto::Blake3;

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

/// A file that nobody keeps.
#[derive(Default)]
struct Written(usize);

impl core::fmt::Write for Written {
    fn write_str(&mut self, piece: &str) -> core::fmt::Result {
        self.0 += piece.len();
        Ok(())
    }
}

/// Does something with a text that is read, and says what it wrote and the most memory it took in files: the text itself is memory too.
fn transfer(what: &str, read: &str, go: impl Fn(&[u8], &mut Written) -> Result<(), CatoptError>) {
    let mut out = Written::default();
    let mut went = Ok(());
    let memory = measure(|| went = go(read.as_bytes(), &mut out));
    assert_eq!(went, Ok(()), "{what}");
    let files = (memory.bytes_max as f64 + read.len() as f64) / read.len().max(out.0) as f64;
    println!("{what}: {} bytes read, {} written, {files:.2} files of memory", read.len(), out.0);
    // The command lets go of a text before it writes a problem that it had to make first.
    let most = if what.starts_with("shared") { 3.5 } else { 2.5 };
    assert!(files <= most, "{what}: {files:.2}");
}

/// Every document of a diagram.
fn documents(source: Source<'_>, format: &str, out: &mut Written) -> Result<(), CatoptError> {
    match format {
        "native" => document::write_to(source, Some(&Blake3), out),
        "acset" => out.0 += acset::write(source).len(),
        "names" => out.0 += family::write(source, Dialect::B).0.len(),
        _ => drop(family::write_whole(source, Dialect::A, out)),
    }
    Ok(())
}

/// Every solver's file of a problem.
fn files(problem: &impl Blocks, format: &str, out: &mut Written) {
    match format {
        "mps" => mps::write(problem, mps::Ranges::TwoRows, out),
        "lp" => lp::write(problem, out),
        _ => drop(mof::write(problem, out)),
    }
}

/// Half a file is left for the program itself, its buffers and its libraries; the bench measures the process.
#[test]
fn every_direction_stays_within_three_times_the_file() {
    let fleet = write_fleet(&large(1000));
    let (mut native, mut whole) = (String::new(), String::new());
    {
        let text = FleetText::new(fleet.as_bytes()).unwrap();
        let diagram = FleetDiagram::new(Fleet::Text(&text)).unwrap();
        document::write_to(Source::Fleet(&diagram), Some(&Blake3), &mut native);
        family::write_whole(Source::Fleet(&diagram), Dialect::A, &mut whole).unwrap();
    }
    for format in ["native", "acset", "names", "whole"] {
        transfer(&format!("fleet to {format}"), &fleet, |read, out| {
            let text = FleetText::new(read).unwrap();
            documents(Source::Fleet(&FleetDiagram::new(Fleet::Text(&text))?), format, out)
        });
        transfer(&format!("native to {format}"), &native, |read, out| {
            documents(Source::Text(&DiagramText::new(read, Some(&Blake3))?), format, out)
        });
        transfer(&format!("whole to {format}"), &whole, |read, out| {
            documents(Source::Text(&family::carried(read, Dialect::A)?.unwrap()), format, out)
        });
    }
    for format in ["mps", "lp", "mof"] {
        transfer(&format!("fleet to {format}"), &fleet, |read, out| {
            let text = FleetText::new(read).unwrap();
            files(&Parts::new(Fleet::Text(&text))?, format, out);
            Ok(())
        });
        transfer(&format!("native to {format}"), &native, |read, out| {
            let text = DiagramText::new(read, Some(&Blake3))?;
            files(&Parts::new(Fleet::Limit(&text.limit()?))?, format, out);
            Ok(())
        });
    }
    // One value that all share: a column of all objects.
    let shared = {
        let diagram = DiagramText::new(native.as_bytes(), None).unwrap().diagram().unwrap();
        let (mut objects, mut wires) = (diagram.objects().to_vec(), diagram.wires().to_vec());
        for object in &mut objects {
            let map = SparseMatrix::from_triplets(1, object.variable_count(), &[(0, 0, 1.0)]).unwrap();
            object.ports.push(Port { name: "agreed".to_owned(), unit: "1".to_owned(), map });
            let (port, junction) = ("agreed".to_owned(), "agreed".to_owned());
            wires.push(Wire { object: object.id.clone(), port, junction, factors: Vec::new() });
        }
        let mut junctions = diagram.junctions().to_vec();
        junctions.push(Junction::shared("agreed", "1", 1));
        document::write(&Diagram::new("shared", objects, junctions, wires).unwrap(), None)
    };
    for format in ["mps", "lp", "mof"] {
        transfer(&format!("shared to {format}"), &shared, |read, out| {
            let sum = DirectSum::of(Source::Text(&DiagramText::new(read, None)?))?;
            files(&sum.colimit()?.program, format, out);
            Ok(())
        });
    }
    transfer("native to fleet", &native, |read, out| {
        DiagramText::new(read, Some(&Blake3))?.limit()?.write_fleet(out).map_err(|_| unreachable!())
    });
    transfer("whole to fleet", &whole, |read, out| {
        family::carried(read, Dialect::A)?.unwrap().limit()?.write_fleet(out).map_err(|_| unreachable!())
    });
}
