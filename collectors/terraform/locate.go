package terraform

import (
	"context"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/code"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/tfaddress"
)

// Locate reads the code in a folder, so that tokens and literals get the line
// that declares them, and looks for credentials in what a plan does not show.
// Modules in local folders are followed, and those that `terraform init` has put
// below the folder; what is declared in another one gets the line of the module
// block. shown turns the path of a file, which begins with dir, into the one to
// report; nil keeps it. What could not be read makes the unit "code" of the plan's
// source a partial one. The error is that of dir, or of ctx.
func (p *Plan) Locate(ctx context.Context, dir string, shown func(string) string) error {
	c, err := code.Read(ctx, dir, shown)
	if err != nil {
		return err
	}
	p.code = c
	p.literals = joinLiterals(p.literals, c.Literals)
	p.units = append(p.units, c.Unit())
	return nil
}

// joinLiterals adds the literals of the code that the plan does not show
// already: a plan tells the same ones more exactly.
func joinLiterals(plan, found []inventory.Literal) []inventory.Literal {
	told := map[[2]string]bool{}
	for _, l := range plan {
		told[[2]string{l.Address, tfaddress.FirstName(l.Attribute)}] = true
	}
	for _, l := range found {
		if !told[[2]string{l.Address, tfaddress.FirstName(l.Attribute)}] {
			plan = append(plan, l)
		}
	}
	return plan
}

// origin is where a resource is declared: the line, where the code was read,
// else the plan's own file.
func (p *Plan) origin(c change) inventory.Origin {
	return p.place(tfaddress.Within(tfaddress.WithoutKeys(c.module), c.kind+"."+c.name), "")
}

func (p *Plan) literalOrigin(l inventory.Literal) inventory.Origin {
	if l.Origin != (inventory.Origin{}) {
		return l.Origin
	}
	return p.place(tfaddress.WithoutKeys(l.Address), tfaddress.FirstName(l.Attribute))
}

func (p *Plan) place(address, argument string) inventory.Origin {
	if p.code != nil {
		if origin, ok := p.code.At(address, argument); ok {
			return origin
		}
	}
	return inventory.Origin{File: p.File}
}
