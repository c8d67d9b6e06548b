// swift-tools-version: 6.2

import PackageDescription

/// `Workers` is the product for workers: it has the modules Workers, FlotillaModels, FlotillaStorage and FlotillaMessaging.
let workers = Target.Dependency.product(name: "Workers", package: "flotilla")

let package = Package(
    name: "greetings",
    dependencies: [.package(name: "flotilla", path: "../..")],
    targets: [
        .target(name: "Greetings", dependencies: [workers]),
        .executableTarget(name: "greetings-worker", dependencies: ["Greetings", workers]),
        .testTarget(
            name: "GreetingsTests",
            dependencies: ["Greetings", workers, .product(name: "WorkerTestKit", package: "flotilla")]
        ),
    ]
)
