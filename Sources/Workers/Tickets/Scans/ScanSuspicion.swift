/// A sign of fraud, by the word that events and records have for it.
enum ScanSuspicion: String, Sendable, CaseIterable {
    /// One ticket at two places within seconds: a copy.
    case twoPlaces = "two_places"
    /// One operator meets many forged codes, or tries them out.
    case forgedBurst = "forged_burst"
}
