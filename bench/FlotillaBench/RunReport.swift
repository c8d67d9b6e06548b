import FoundationEssentials
import Glibc

/// A moment: what the clock shows, and the CPU time that the process has used, both in seconds.
struct Moment {
    let wall: Double
    let cpu: Double

    static func now() -> Moment {
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC, &clock)
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return Moment(
            wall: Double(clock.tv_sec) + Double(clock.tv_nsec) / 1e9,
            cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime)
        )
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}

/// What a run came to, printed as the line that the harness reads.
struct RunReport: CustomStringConvertible {
    let count: Int
    /// Of the sequence numbers: a duplicate that hides a loss changes it.
    let sum: Int
    let begin: Moment
    let end: Moment

    var description: String {
        "{\"count\":\(count),\"sum\":\(sum),\"seconds\":\(end.wall - begin.wall),"
            + "\"cpu_seconds\":\(end.cpu - begin.cpu),\"memory_mb\":\(Self.peakMemory)}"
    }

    /// In MiB, of this program alone: getrusage would count the program that started it.
    private static var peakMemory: Double {
        let status = (try? String(contentsOf: URL(filePath: "/proc/self/status"), encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }
        return (kilobytes ?? 0) / 1024
    }
}
