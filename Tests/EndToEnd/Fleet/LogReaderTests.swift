import FlotillaTestSupport
import Foundation
import Glibc
import Testing

extension FleetFaultTests {
    private func process(_ fleet: FleetFixture, _ messages: Pipe) throws -> Process {
        let process = Process()
        process.executableURL = TestServers.programs.appending(path: "flotilla")
        process.arguments = ["worker"]
        process.environment = ProcessInfo.processInfo.environment.merging(fleet.addresses) { $1 }.merging([
            "FLOTILLA_QUEUES": FleetFixture.queuesFile, "FLOTILLA_LOG_LEVEL": "debug",
        ]) { $1 }
        process.standardError = messages
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func expectDrained(_ process: Process) async throws {
        process.terminate()
        try await eventually("the worker ends", within: .seconds(60)) { !process.isRunning }
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
    }

    /// Makes a pipe as small as the system lets it be and fills it, so that nothing more goes in.
    ///
    /// - Returns: how many bytes are in it.
    private func fill(_ pipe: Pipe) throws -> Int {
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        let size = fcntl(descriptor, Self.setPipeSize, CInt(4_096))
        guard size > 0 else { throw TestSetupError(description: "the pipe keeps its size: \(errno)") }
        let filling = [UInt8](repeating: UInt8(ascii: "\n"), count: Int(size))
        guard write(descriptor, filling, filling.count) == filling.count, waiting(in: pipe) == filling.count else {
            throw TestSetupError(description: "the pipe is not full")
        }
        return filling.count
    }

    /// F_SETPIPE_SZ, which Glibc's module leaves out.
    private static let setPipeSize: CInt = 1_031

    private func waiting(in pipe: Pipe) -> Int {
        var count: CInt = 0
        return ioctl(pipe.fileHandleForReading.fileDescriptor, UInt(FIONREAD), &count) == 0 ? Int(count) : -1
    }

    @Test(.timeLimit(.minutes(5)))
    func `a log reader that stops keeps neither work nor a drain`() async throws {
        let fleet = try await FleetFixture.current()
        let load = Load(count: 2_000)
        let messages = Pipe()
        // Already the first line finds no room.
        let size = try fill(messages)
        let process = try process(fleet, messages)
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        try await fleet.publish(load)
        try await fleet.waitForEffects(of: load, within: .seconds(120))
        #expect(waiting(in: messages) == size)
        try await expectDrained(process)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a log reader that leaves ends no worker`() async throws {
        let fleet = try await FleetFixture.current()
        let load = Load(count: 1_000)
        let messages = Pipe()
        let process = try process(fleet, messages)
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        _ = try messages.fileHandleForReading.read(upToCount: 1)
        try messages.fileHandleForReading.close()
        try await fleet.publish(load)
        try await fleet.waitForEffects(of: load, within: .seconds(120))
        #expect(process.isRunning)
        try await expectDrained(process)
    }
}
