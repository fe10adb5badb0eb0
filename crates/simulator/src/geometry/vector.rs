/// Three numbers, in kilometres or without a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vector(pub [f64; 3]);

impl Vector {
    /// The scalar product.
    pub fn dot(&self, other: &Self) -> f64 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }

    /// The length.
    pub fn norm(&self) -> f64 {
        self.dot(self).sqrt()
    }

    /// `self - other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self(core::array::from_fn(|k| self.0[k] - other.0[k]))
    }

    /// Turned about the polar axis.
    #[must_use]
    pub fn turned(&self, angle_rad: f64) -> Self {
        let (sin, cos) = angle_rad.sin_cos();
        let [x, y, z] = self.0;
        Self([cos * x - sin * y, sin * x + cos * y, z])
    }
}
