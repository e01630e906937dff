// Package check holds the checks of the examples that need what the program
// itself does not: a module of its own keeps that out of the program's.
package check

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// TestManifests decodes every Kubernetes manifest into the types of its API,
// refusing fields that the API does not have, and checks what the README promises
// of every container.
func TestManifests(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../kubernetes/*.yaml", "../schedule/kubernetes/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
			for {
				document, err := documents.Read()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				checkManifest(t, document)
			}
		})
	}
}

func checkManifest(t *testing.T, document []byte) {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		t.Fatal(err)
	}
	switch kind.APIVersion + " " + kind.Kind {
	case "batch/v1 Job":
		var job batchv1.Job
		strict(t, document, &job)
		checkPod(t, job.Spec.Template.Spec)
	case "batch/v1 CronJob":
		var job batchv1.CronJob
		strict(t, document, &job)
		checkPod(t, job.Spec.JobTemplate.Spec.Template.Spec)
	case "v1 PersistentVolumeClaim":
		strict(t, document, &corev1.PersistentVolumeClaim{})
	default:
		t.Errorf("nothing checks %s %s", kind.APIVersion, kind.Kind)
	}
}

func strict(t *testing.T, document []byte, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(document, into); err != nil {
		t.Fatal(err)
	}
}

func checkPod(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	if c := pod.SecurityContext; c == nil || c.RunAsNonRoot == nil || !*c.RunAsNonRoot {
		t.Error("it may run as root")
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Error("it gets a service account token that it does not need")
	}
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
	}
	for _, c := range append(pod.InitContainers, pod.Containers...) {
		s := c.SecurityContext
		if s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
			t.Errorf("%s: the root file system is writable, or privileges can grow", c.Name)
		}
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("%s mounts %s, which does not exist", c.Name, m.Name)
			}
		}
	}
}
