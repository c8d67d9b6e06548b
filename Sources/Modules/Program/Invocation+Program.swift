package import FlotillaCommandLineKit
package import FlotillaOperations

extension Invocation {
    /// The program that the command belongs to. An application without one is a mistake in the program.
    package var program: FleetProgram {
        guard let program = context as? FleetProgram else {
            preconditionFailure("the application was made without its program")
        }
        return program
    }

    /// The configuration of this process, or every problem with it, one per line, as wrong use.
    ///
    /// - Parameter makesKeys: whether the command may make the keys that it lacks, in a home that it makes.
    package func configuration(makingKeys makesKeys: Bool = false) throws(CommandError) -> Configuration {
        var configuration = try program.configuration()
        configuration.makesKeys = makesKeys
        if let warning = configuration.foreignServers { console.note("Warning: \(warning)") }
        return configuration
    }
}
