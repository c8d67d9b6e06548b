import FoundationEssentials

/// Where Debian's packages put the servers.
enum InstalledProgram {
    /// The first that exists.
    static func path(of candidates: [String], for service: ServiceName) throws(ServiceError) -> String {
        guard let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw ServiceError(service, "\(service.title) is not installed", remedy: "run ops/setup.sh")
        }
        return path
    }

    /// The numbered folders in `folder`, newest version first: `/usr/lib/postgresql/15`.
    static func versions(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { Int($0) != nil }.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
    }
}
