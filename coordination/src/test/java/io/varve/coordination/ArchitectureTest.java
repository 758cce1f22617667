// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The tree is a machine: no threads, clocks, files or sockets. ZooKeeper's protocol is frames in, frames out. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.varve.coordination");

    @Test
    void shouldKeepTheTreePure() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.varve.coordination", "io.varve.coordination.tree", "io.varve.coordination.session")
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
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
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
