// Markers
<<<<<<< SEARCH
// end