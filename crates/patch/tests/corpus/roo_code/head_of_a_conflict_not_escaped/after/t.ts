// Updated
