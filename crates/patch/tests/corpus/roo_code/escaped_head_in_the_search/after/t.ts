// Markers
// gone
// end