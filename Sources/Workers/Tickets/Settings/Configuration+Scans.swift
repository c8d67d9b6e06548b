import FlotillaOperations

extension Configuration {
    /// What counts as a sign of fraud when tickets are scanned.
    var scanRules: ScanRules {
        ScanRules(twoPlacesWithin: self[Settings.scanTwoPlaces], forgedBurst: self[Settings.scanForgedBurst])
    }
}
