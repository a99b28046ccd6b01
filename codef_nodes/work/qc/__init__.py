"""The QC sheet of a field: figures, pictures, a PNG and a page."""
