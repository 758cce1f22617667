// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The tree and the quorum are machines: no threads, clocks, files, sockets or randomness of their own. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            // Those that replication's tests share.
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("io.varve.coordination", "io.varve.replication");

    @Test
    void shouldKeepDecisionsPure() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.varve.coordination",
                        "io.varve.coordination.tree",
                        "io.varve.coordination.quorum",
                        "io.varve.coordination.session",
                        "io.varve.replication",
                        "io.varve.replication.partition")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.varve.log..",
                        "io.varve.coordination.agent..",
                        "java.nio.file..",
                        "java.nio.channels..",
                        "java.net..",
                        "java.time..",
                        "java.util.concurrent..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.Thread")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Random")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.SplittableRandom")
                .orShould()
                .callMethod(UUID.class, "randomUUID")
                .orShould()
                .callMethod(Math.class, "random")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .check(CLASSES);
    }

    @Test
    void shouldKeepTheQuorumIgnorantOfWhatItAgreesOn() {
        noClasses()
                .that()
                .resideInAPackage("io.varve.coordination.quorum")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.varve.coordination.tree..",
                        "io.varve.coordination.session..",
                        "io.varve.coordination.zookeeper..",
                        "io.varve.replication.machine..",
                        "io.varve.replication.transport..")
                .check(CLASSES);
    }

    @Test
    void shouldKeepTheForeignClientBehindItsDoor() {
        noClasses()
                .that()
                .haveNameNotMatching("io\\.varve\\.coordination\\.agent\\.ZooKeeper.*")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.zookeeper..")
                .because("who does not call ZooKeeperCoordinator does not need the client on the class path")
                .check(CLASSES);
    }

    @Test
    void shouldKeepTheProtocolPure() {
        noClasses()
                .that()
                .resideInAPackage("io.varve.coordination.zookeeper")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.varve.log..",
                        "io.varve.replication..",
                        "io.varve.coordination.agent..",
                        "io.varve.coordination.zookeeper.config..",
                        "org.apache.zookeeper..",
                        "io.netty..",
                        "java.io..",
                        "java.nio.file..",
                        "java.nio.channels..",
                        "java.net..",
                        "java.time..",
                        "java.util.concurrent..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.Thread")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Random")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .check(CLASSES);
    }

    @Test
    void shouldKeepTheConfigurationFromTheRest() {
        noClasses()
                .that()
                .resideInAPackage("io.varve.coordination.zookeeper.config")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.varve.log..",
                        "io.varve.replication..",
                        "io.varve.coordination",
                        "io.varve.coordination.tree..",
                        "io.varve.coordination.session..",
                        "io.varve.coordination.agent..",
                        "java.net..",
                        "java.util.concurrent..")
                .check(CLASSES);
    }
}
