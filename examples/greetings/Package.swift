// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "greetings",
    dependencies: [.package(name: "flotilla", path: "../..")],
    targets: [
        .target(name: "Greetings", dependencies: [.product(name: "Workers", package: "flotilla")]),
        .executableTarget(
            name: "greetings-worker",
            dependencies: [
                "Greetings",
                .product(name: "Messaging", package: "flotilla"),
                .product(name: "Workers", package: "flotilla"),
            ]
        ),
        .testTarget(
            name: "GreetingsTests",
            dependencies: [
                "Greetings",
                .product(name: "Messaging", package: "flotilla"),
                .product(name: "WorkerTestKit", package: "flotilla"),
            ]
        ),
    ]
)
