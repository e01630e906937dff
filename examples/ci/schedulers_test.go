package ci

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// pod is a pod of Kubernetes, as far as the tests need it.
type pod struct {
	InitContainers []container `yaml:"initContainers"`
	Containers     []container
}

type container struct {
	Name string
	Args []string
}

// pods are those of the jobs in a manifest, and how many run of each.
func pods(t *testing.T, file string) (list []pod, completions []int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		var m struct {
			Kind string
			Spec struct {
				Completions int
				Template    struct{ Spec pod }
				JobTemplate struct {
					Spec struct{ Template struct{ Spec pod } }
				} `yaml:"jobTemplate"`
			}
		}
		if err := yaml.Unmarshal([]byte(document), &m); err != nil {
			t.Fatal(err)
		}
		switch m.Kind {
		case "Job":
			list, completions = append(list, m.Spec.Template.Spec), append(completions, max(m.Spec.Completions, 1))
		case "CronJob":
			list, completions = append(list, m.Spec.JobTemplate.Spec.Template.Spec), append(completions, 1)
		}
	}
	return list, completions
}

// host is a machine with the folders that containers and units name.
type host struct {
	bench
	root string
}

func newHost(t *testing.T, plan string) host {
	t.Helper()
	h := host{newBench(t, plan), t.TempDir()}
	h.link()
	for _, dir := range []string{"etc/tokenaudit", "var/lib/tokenaudit/metrics"} {
		if err := os.MkdirAll(filepath.Join(h.root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h.write("tokenaudit.yaml", "version: 1\nsources:\n  - {cms: terraform, name: shop, plan: "+h.dir+"/"+plan+"/plan.json, dir: "+h.dir+"/"+plan+"}\n", h.folder("etc/tokenaudit"), 0o600)
	return h
}

func (h host) folder(name string) string { return filepath.Join(h.root, name) }

// start runs the program with arguments that name the folders of the host, as a
// container's command is run: without a shell.
func (h host) start(arguments []string, environ ...string) int {
	h.Helper()
	for i, a := range arguments {
		for _, dir := range []string{"/etc/tokenaudit", "/var/lib/tokenaudit"} {
			a = strings.Replace(a, dir+"/", h.root+dir+"/", 1)
		}
		for _, variable := range environ { // $(NAME), which Kubernetes expands in arguments
			name, value, _ := strings.Cut(variable, "=")
			a = strings.ReplaceAll(a, "$("+name+")", value)
		}
		arguments[i] = a
	}
	return h.shell(h.dir, append([]string{filepath.Join(h.path, "tokenaudit")}, arguments[:len(arguments)-1]...), arguments[len(arguments)-1], environ)
}

func TestKubernetes(t *testing.T) {
	t.Parallel()
	for plan, want := range map[string]int{"bad": 1, "good": 0} {
		h := newHost(t, plan)
		scan, completions := pods(t, "../kubernetes/scan.yaml")
		if len(scan) != 1 || completions[0] != 16 {
			t.Fatalf("%d jobs of %v pods", len(scan), completions)
		}
		for index := range completions[0] {
			if code := h.start(append([]string{}, scan[0].Containers[0].Args...), fmt.Sprintf("JOB_COMPLETION_INDEX=%d", index)); code != 0 {
				t.Errorf("pod %d: exit code %d", index, code)
			}
		}
		merge, _ := pods(t, "../kubernetes/merge.yaml")
		if code := h.start(merge[0].InitContainers[0].Args); code != 0 {
			t.Errorf("merge: exit code %d", code)
		}
		if code := h.start(merge[0].Containers[0].Args); code != want {
			t.Errorf("the %s plan: exit code %d, want %d", plan, code, want)
		}
		h.wrote(h.folder("var/lib/tokenaudit"), "report.json")

		h = newHost(t, plan)
		cron, _ := pods(t, "../schedule/kubernetes/cronjob.yaml")
		if code := h.start(cron[0].Containers[0].Args); code != want {
			t.Errorf("the CronJob on the %s plan: exit code %d, want %d", plan, code, want)
		}
		h.wrote(h.folder("var/lib/tokenaudit"), "report.json", "metrics/tokenaudit.prom")
	}
}

func TestSystemd(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../schedule/systemd/tokenaudit.service")
	if err != nil {
		t.Fatal(err)
	}
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/tokenaudit (.*)$`).FindStringSubmatch(string(text))
	for plan, want := range map[string]int{"bad": 1, "good": 0} {
		h := newHost(t, plan)
		if code := h.start(strings.Fields(start[1])); code != want {
			t.Errorf("the %s plan: exit code %d, want %d", plan, code, want)
		}
		h.wrote(h.folder("var/lib/tokenaudit"), "report.json")
	}
}
