// The two providers as dependencies of one module, so that go.mod and go.sum pin them. Built by scripts/providers.sh.

//go:build tools

package providers

import (
	_ "github.com/hashicorp/terraform-provider-google"
	_ "github.com/terraform-providers/terraform-provider-docker"
)
