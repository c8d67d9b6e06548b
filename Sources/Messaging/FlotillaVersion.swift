/// What the fleet tells the servers that it connects to.
package enum FlotillaVersion {
    package static let current = "0.1.0"
}
