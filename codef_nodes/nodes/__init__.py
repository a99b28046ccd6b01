"""The node classes. Importing this package registers them; none of them imports heavy modules."""

from codef_nodes.nodes.backdrop import Backdrop
from codef_nodes.nodes.canonical_view import CanonicalView
from codef_nodes.nodes.dot import Dot
from codef_nodes.nodes.draw_mask import DrawMask
from codef_nodes.nodes.edited_canonical import EditedCanonical
from codef_nodes.nodes.field_pass import FieldPass
from codef_nodes.nodes.fit_codef import FitCoDeF
from codef_nodes.nodes.id_matte import IdMatte
from codef_nodes.nodes.image_operation import ImageOperation
from codef_nodes.nodes.lift_matte import LiftMatte
from codef_nodes.nodes.load_field import LoadField
from codef_nodes.nodes.load_sequence import LoadSequence
from codef_nodes.nodes.mask_group import MaskGroup
from codef_nodes.nodes.merge import Merge
from codef_nodes.nodes.motion_mask import MotionMask
from codef_nodes.nodes.optical_flow import OpticalFlow
from codef_nodes.nodes.paint import Paint
from codef_nodes.nodes.pins import Pins
from codef_nodes.nodes.propagate import Propagate
from codef_nodes.nodes.qc_sheet import QCSheet
from codef_nodes.nodes.relink import Relink
from codef_nodes.nodes.rough_mask import RoughMask
from codef_nodes.nodes.st_map import STMap
from codef_nodes.nodes.stabilise import Stabilise
from codef_nodes.nodes.switch import Switch
from codef_nodes.nodes.track import Track
from codef_nodes.nodes.viewer import Viewer
from codef_nodes.nodes.write_sequence import WriteSequence

__all__ = [
    "Backdrop",
    "CanonicalView",
    "Dot",
    "DrawMask",
    "EditedCanonical",
    "FieldPass",
    "FitCoDeF",
    "IdMatte",
    "ImageOperation",
    "LiftMatte",
    "LoadField",
    "LoadSequence",
    "MaskGroup",
    "Merge",
    "MotionMask",
    "OpticalFlow",
    "Paint",
    "Pins",
    "Propagate",
    "QCSheet",
    "Relink",
    "RoughMask",
    "STMap",
    "Stabilise",
    "Switch",
    "Track",
    "Viewer",
    "WriteSequence",
]
