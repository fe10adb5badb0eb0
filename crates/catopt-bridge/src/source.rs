use std::borrow::Cow;

use crate::diagram::Place;
use crate::document::DiagramText;
use crate::fleet::FleetDiagram;
use crate::{Body, Diagram, Object, Wire};

/// A diagram as its writers see it: in memory, or with its objects made one at a time.
///
/// An object in memory takes several times its text, so writers ask for the objects once for each section of their format.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// In memory.
    Whole(&'a Diagram),
    /// The diagram of a fleet.
    Fleet(&'a FleetDiagram<'a>),
    /// In its text.
    Text(&'a DiagramText<'a>),
}

impl<'a> From<&'a Diagram> for Source<'a> {
    fn from(diagram: &'a Diagram) -> Self {
        Self::Whole(diagram)
    }
}

/// How much there is in a diagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Its objects.
    pub objects: usize,
    /// Their variables.
    pub variables: usize,
    /// Their own rows.
    pub rows: usize,
    /// Its junctions.
    pub junctions: usize,
}

impl<'a> Source<'a> {
    /// What the diagram has beside objects and wires; those of the frame itself are not looked at.
    pub(crate) fn frame(self) -> &'a Diagram {
        match self {
            Self::Whole(diagram) => diagram,
            Self::Fleet(fleet) => fleet.frame(),
            Self::Text(text) => text.frame(),
        }
    }

    /// Its objects in order.
    pub(crate) fn objects(self) -> Box<dyn Iterator<Item = Cow<'a, Object>> + 'a> {
        match self {
            Self::Whole(diagram) => Box::new(diagram.objects().iter().map(Cow::Borrowed)),
            Self::Fleet(fleet) => Box::new(fleet.objects().map(Cow::Owned)),
            Self::Text(text) => Box::new(text.objects().map(Cow::Owned)),
        }
    }

    /// Its wires in order, with where their ends are.
    pub(crate) fn wires(self) -> Box<dyn Iterator<Item = (Cow<'a, Wire>, Place)> + 'a> {
        match self {
            Self::Whole(diagram) => {
                Box::new(diagram.wires().iter().map(Cow::Borrowed).zip(diagram.places().iter().copied()))
            }
            Self::Fleet(fleet) => Box::new(fleet.wires().map(|(wire, place)| (Cow::Owned(wire), place))),
            Self::Text(text) => Box::new(text.wires().map(|(wire, place)| (Cow::Owned(wire), place))),
        }
    }

    /// How much there is in it.
    ///
    /// # Cost
    /// One pass.
    pub fn size(self) -> Size {
        let mut size = Size { junctions: self.frame().junctions().len(), ..Size::default() };
        for object in self.objects() {
            size.objects += 1;
            if let Body::Quadratic { local, .. } = &object.body {
                size.variables += local.variable_count();
                size.rows += local.row_count();
            }
        }
        size
    }
}
