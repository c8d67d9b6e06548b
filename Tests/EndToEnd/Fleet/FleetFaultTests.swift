import FlotillaTestSupport
import Testing

/// The whole fleet on servers of its own that break, and with messages that nobody can use.
@Suite(.serialized, .enabled(if: TestServers.areAvailable), .ownFleetFixture)
struct FleetFaultTests {}
