use cosmosmesh_contracts::round::{FieldKind, ReportLayout};

use super::response::Response;

/// Writes fields of a report in place.
pub(super) struct Writer<'a> {
    pub(super) layout: &'a ReportLayout,
    pub(super) values: &'a mut [f64],
}

impl Writer<'_> {
    pub(super) fn list(&mut self, kind: FieldKind, point: u16, list: &[f64]) {
        if let Some(range) = self.layout.range(kind, point) {
            self.values[range].copy_from_slice(list);
        }
    }

    pub(super) fn scalar(&mut self, kind: FieldKind, point: u16, value: f64) {
        self.list(kind, point, &[value]);
    }

    /// One number per touched row, at its place among all rows.
    pub(super) fn rows(&mut self, kind: FieldKind, point: u16, touched: &[usize], list: &[f64], factor: f64) {
        if let Some(range) = self.layout.range(kind, point) {
            let target = &mut self.values[range];
            touched.iter().zip(list).for_each(|(&row, v)| target[row] = factor * v);
        }
    }

    /// The affine model at a point, in the units in which it is summed.
    pub(super) fn response(&mut self, point: u16, touched: &[usize], told: &Response, m: usize) {
        self.rows(FieldKind::Response, point, touched, &told.answer, 1.0);
        self.rows(FieldKind::BarrierDerivative, point, touched, &told.barrier_derivative, told.barrier);
        self.triangle(point, touched, &told.curvature, told.barrier, m);
    }

    /// The upper triangle of a curvature, row by row.
    pub(super) fn triangle(&mut self, point: u16, touched: &[usize], full: &[f64], factor: f64, m: usize) {
        if let Some(range) = self.layout.range(FieldKind::Curvature, point) {
            let target = &mut self.values[range];
            let t = touched.len();
            for (a, &i) in touched.iter().enumerate() {
                let start = i * m - i * (i + 1) / 2;
                for (b, &j) in touched.iter().enumerate().skip(a) {
                    target[start + j] = factor * full[a * t + b];
                }
            }
        }
    }
}
