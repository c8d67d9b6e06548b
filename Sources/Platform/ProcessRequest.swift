import CFlotillaLinux
import Glibc

/// What a new process is started with. It inherits no descriptor, no signal handler and no variable but those named.
package struct ProcessRequest: Sendable {
    package var executable: String
    package var arguments: [String]
    package var environment: [String: String]
    package var directory: String?
    /// Standard input, output and error; -1 is /dev/null.
    package var input: CInt = -1
    package var output: CInt = -1
    package var error: CInt = -1
    /// A lock file that the process keeps open; it writes its id into it before it executes.
    package var record: CInt = -1
    package var user: UserIdentity?
    /// Out of reach of the terminal's Ctrl-C.
    package var hasOwnSession = true
    /// Sent when the spawning thread ends: start from a thread that lives as long as this process.
    package var parentDeathSignal: CInt = 0

    /// - Parameter environment: everything the process sees; nothing is inherited.
    package init(_ executable: String, _ arguments: [String] = [], environment: [String: String] = [:]) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }

    /// Starts the process and returns its id; the caller has to reap it.
    package func start() throws(SystemError) -> CInt {
        let null = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { throw SystemError("open /dev/null") }
        defer { close(null) }
        let words = unsafe CStringArray([executable] + arguments)
        let variables = unsafe CStringArray(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        defer {
            unsafe words.free()
            unsafe variables.free()
        }
        var request = unsafe fleet_spawn_request()
        unsafe request.arguments = UnsafePointer(words.pointers)
        unsafe request.environment = UnsafePointer(variables.pointers)
        unsafe request.input = input < 0 ? null : input
        unsafe request.output = output < 0 ? null : output
        unsafe request.error = error < 0 ? null : error
        unsafe request.record = record
        unsafe request.new_session = hasOwnSession ? 1 : 0
        unsafe request.parent_death_signal = parentDeathSignal
        if let user {
            unsafe request.change_user = 1
            unsafe request.user = user.user
            unsafe request.group = user.group
        }
        let child = unsafe executable.withCString { path in
            unsafe request.path = path
            guard let directory else { return unsafe fleet_spawn(&request) }
            return unsafe directory.withCString { directory in
                unsafe request.directory = directory
                return unsafe fleet_spawn(&request)
            }
        }
        guard child > 0 else { throw SystemError("start \(executable)") }
        return child
    }
}

/// A null-terminated array of C strings, freed by hand.
@unsafe private struct CStringArray {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        unsafe count = strings.count
        unsafe pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { unsafe pointers[index] = strdup(string) }
        unsafe pointers[count] = nil
    }

    func free() {
        for index in unsafe 0..<count { unsafe Glibc.free(pointers[index]) }
        unsafe pointers.deallocate()
    }
}
