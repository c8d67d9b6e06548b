/// The version that the fleet reports to the servers it connects to.
package enum FlotillaVersion {
    package static let current = "0.1.0"
}
