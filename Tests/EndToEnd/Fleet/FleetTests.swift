import FlotillaTestSupport
import Testing

/// The whole fleet, as a user runs it: what it is for.
@Suite(.serialized, .enabled(if: TestServers.areAvailable), .ownFleetFixture)
struct FleetTests {}
