import FlotillaTestSupport
import Testing

/// The whole fleet, as a user runs it, on servers of its own that break.
@Suite(.serialized, .enabled(if: TestServers.areAvailable), .ownFleetFixture)
struct FleetTests {}
