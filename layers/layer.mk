# How `sam build` makes a layer. pip checks every package against its hash in uv.lock, whatever machine it is for. Then Python
# compiles all of it, because Lambda can't write bytecode into a layer (docs/decisions/0026-an-alias-pins-code-layers-and-settings.md).
#
# SAM keeps a built layer until a file in the layer's folder changes, so each of these folders has a link to this file.

PYTHON := python3.13
BUILT := $(ARTIFACTS_DIR)/python
# Lambda's runtime has glibc 2.34. The Makefile that template.yaml chooses sets MACHINE.
PLATFORMS := manylinux2014_$(MACHINE) $(foreach minor,$(shell seq 17 34),manylinux_2_$(minor)_$(MACHINE))
# The services that functions call. botocore describes 400 others in 22 MB, and looks through all of them at each start.
SERVICES := dynamodb s3 secretsmanager sesv2 sns sqs

ifneq ($(shell $(PYTHON) -c "import sys; print(sys.implementation.cache_tag)" 2>/dev/null),cpython-313)
$(error the layers are compiled by the Python of Lambda's runtime; install Python 3.13, so that $(PYTHON) runs it)
endif

unexport PYTHONHOME PYTHONPATH PYTHONPYCACHEPREFIX
.SILENT:
.PHONY: build-DependenciesLayer build-SharedLayer build-TypesettingLayer packages

build-DependenciesLayer: packages
	cd $(BUILT)/botocore/data && find . -mindepth 1 -maxdepth 1 -type d $(SERVICES:%=! -name %) -exec rm -rf {} +
	PYTHONPATH=$(BUILT) $(PYTHON) -B trim_locales.py $(BUILT)/babel/locale-data
	$(COMPILE)

build-TypesettingLayer: packages
	$(COMPILE)

build-SharedLayer:
	$(PYTHON) -c "import babel" 2>/dev/null || { echo "Babel compiles the catalogs; run: $(PYTHON) -m pip install babel" >&2; exit 1; }
	mkdir -p $(BUILT)
	cp -R undersigned $(BUILT)
	find $(BUILT) -name __pycache__ -prune -exec rm -rf {} +
	cd $(BUILT) && $(PYTHON) -B -m undersigned.base.catalogs undersigned/catalogs
	$(COMPILE)

# A package's commands name this machine's Python, and its RECORD has their hashes: neither belongs in a layer.
packages:
	$(PYTHON) -m pip --quiet --disable-pip-version-check --no-input install --root-user-action ignore --no-user \
		--require-hashes --no-deps --only-binary :all: --no-compile $(PLATFORMS:%=--platform %) \
		--requirement requirements.txt --target $(BUILT)
	rm -rf $(BUILT)/bin $(BUILT)/*.dist-info/RECORD

# Python doesn't compare such bytecode with its source, whose time can be any in a layer. Equal sources give equal bytes.
COMPILE = $(PYTHON) -m compileall -q --invalidation-mode unchecked-hash -s $(ARTIFACTS_DIR) -p /opt $(BUILT)
